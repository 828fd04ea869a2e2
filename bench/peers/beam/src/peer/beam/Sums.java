// SPDX-License-Identifier: Apache-2.0
package peer.beam;

import java.lang.reflect.Field;
import org.apache.beam.sdk.nexmark.model.Auction;
import org.apache.beam.sdk.nexmark.model.AuctionBid;
import org.apache.beam.sdk.nexmark.model.AuctionCount;
import org.apache.beam.sdk.nexmark.model.AuctionPrice;
import org.apache.beam.sdk.nexmark.model.Bid;
import org.apache.beam.sdk.nexmark.model.BidsPerSession;
import org.apache.beam.sdk.nexmark.model.CategoryPrice;
import org.apache.beam.sdk.nexmark.model.Event;
import org.apache.beam.sdk.nexmark.model.IdNameReserve;
import org.apache.beam.sdk.nexmark.model.NameCityStateId;
import org.apache.beam.sdk.nexmark.model.Person;
import org.apache.beam.sdk.nexmark.model.SellerPrice;
import org.apache.beam.sdk.transforms.DoFn;
import org.joda.time.Instant;
import peer.Tally;

/** Adds up results as bench/nexmark/engine.c and sum.h do. */
@SuppressWarnings("serial")
final class Sums<T> extends DoFn<T, Void> {
  private static final long MIX = 0x9E3779B97F4A7C15L;
  private static final Field ID = field(IdNameReserve.class, "id");
  private static final Field NAME = field(IdNameReserve.class, "name");
  private static final Field RESERVE = field(IdNameReserve.class, "reserve");
  private static final Field PERSON = field(BidsPerSession.class, "personId");
  private static final Field BIDS = field(BidsPerSession.class, "bidsPerSession");

  /** Parts of counts that the clock made: only what they come to is the same in every run. */
  private final boolean parts;

  private transient long sum;
  private transient long results;

  Sums(boolean parts) {
    this.parts = parts;
  }

  private static Field field(Class<?> type, String name) {
    try {
      Field field = type.getDeclaredField(name);
      field.setAccessible(true);
      return field;
    } catch (NoSuchFieldException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @StartBundle
  public void begin() {
    sum = 0;
    results = 0;
  }

  @ProcessElement
  public void add(@Element T result) throws IllegalAccessException {
    sum += of(result);
    results += parts ? 0 : 1;
  }

  @FinishBundle
  public void end() {
    Tally.end(sum, results);
  }

  private static long of(long a, long b) {
    long mixed = a ^ (b * MIX);
    return (mixed ^ (mixed >>> 29)) * 0xbf58476d1ce4e5b9L;
  }

  private static long of(String text) {
    int length = text.length();
    return length == 0
        ? 0
        : length * 257L + text.charAt(0) + ((long) text.charAt(length - 1) << 32);
  }

  private static long of(Bid bid) {
    return of(bid.auction, bid.price) + of(bid.bidder, microseconds(bid.dateTime));
  }

  private static long of(Event event) {
    if (event.bid != null) {
      return of(event.bid) + of(0, microseconds(event.bid.dateTime));
    }
    Person person = event.newPerson;
    Auction auction = event.newAuction;
    return person == null
        ? of(0, microseconds(auction.dateTime))
        : of(1, microseconds(person.dateTime));
  }

  private static long microseconds(Instant instant) {
    return instant.getMillis() * 1000;
  }

  private long of(Object result) throws IllegalAccessException {
    if (result instanceof Event event) {
      return of(event);
    } else if (result instanceof Bid bid) {
      return of(bid);
    } else if (result instanceof AuctionPrice chosen) {
      return of(chosen.auction, chosen.price);
    } else if (result instanceof NameCityStateId local) {
      return of(local.id, local.name.length()) + of(local.city);
    } else if (result instanceof CategoryPrice mean) {
      return of(mean.category, mean.price);
    } else if (result instanceof AuctionCount hot) {
      return of(hot.auction, hot.num);
    } else if (result instanceof SellerPrice mean) {
      return of(mean.seller, 0);
    } else if (result instanceof IdNameReserve newcomer) {
      return of(ID.getLong(newcomer), RESERVE.getLong(newcomer)) + of((String) NAME.get(newcomer));
    } else if (result instanceof AuctionBid won) {
      return of(won.bid) + of(won.auction.itemName);
    } else if (result instanceof BidsPerSession session) {
      long person = PERSON.getLong(session);
      long bids = BIDS.getLong(session);
      return parts ? of(person, 0) * bids : of(person, bids);
    }
    throw new IllegalArgumentException(result.getClass().getName());
  }
}
