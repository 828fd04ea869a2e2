// SPDX-License-Identifier: Apache-2.0
package oracle.pipes;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.Max;
import org.apache.beam.sdk.transforms.Mean;
import org.apache.beam.sdk.transforms.Min;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.Top;
import org.apache.beam.sdk.transforms.join.CoGbkResult;
import org.apache.beam.sdk.transforms.join.CoGroupByKey;
import org.apache.beam.sdk.transforms.join.KeyedPCollectionTuple;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.Sessions;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TupleTag;
import org.joda.time.Duration;

/** Groupings of several inputs, and combines of several kinds. */
final class Groups {
  private Groups() {}

  private static final Duration MINUTE = Duration.standardMinutes(1);
  private static final Duration HALF = Duration.standardSeconds(30);

  static void register(Map<String, Consumer<Run>> pipes) {
    pipes.put("cogroup", Groups::cogroup);
    pipes.put("joins", Groups::joins);
    pipes.put("hot_keys", Groups::hotKeys);
    pipes.put("hot_sessions", Groups::hotSessions);
    pipes.put("totals", Groups::totals);
    pipes.put("figures", Groups::figures);
    pipes.put("spread", Groups::spread);
  }

  private static <V> Window<KV<String, V>> minutes() {
    return Window.<KV<String, V>>into(FixedWindows.of(MINUTE))
        .withAllowedLateness(HALF)
        .discardingFiredPanes();
  }

  private static void cogroup(Run run) {
    TupleTag<String> names = new TupleTag<>();
    TupleTag<Long> orders = new TupleTag<>();
    TupleTag<String> visits = new TupleTag<>();
    run.output(
        "customers",
        KeyedPCollectionTuple.of(
                names,
                run.input("names")
                    .apply("names by id", Rows.texts("id", "name"))
                    .apply("minutes of names", minutes()))
            .and(
                orders,
                run.input("orders")
                    .apply("orders by id", Rows.numbers("id", "cents"))
                    .apply("minutes of orders", minutes()))
            .and(
                visits,
                run.input("visits")
                    .apply("visits by id", Rows.texts("id", "page"))
                    .apply("minutes of visits", minutes()))
            .apply("cogroup", CoGroupByKey.create())
            .apply(
                "say",
                Rows.tell(
                    e ->
                        Rows.object(
                            "id", e.getKey(),
                            "names", Rows.sorted(e.getValue().getAll(names)),
                            "cents", Rows.sorted(e.getValue().getAll(orders)),
                            "pages", Rows.sorted(e.getValue().getAll(visits))))));
  }

  /** Pairs of orders and payments, 0 where there is none. */
  static final class Pair extends DoFn<KV<String, CoGbkResult>, String> {
    private final TupleTag<Long> left, right;
    private final boolean lonelyLeft, lonelyRight;

    Pair(TupleTag<Long> left, TupleTag<Long> right, boolean lonelyLeft, boolean lonelyRight) {
      this.left = left;
      this.right = right;
      this.lonelyLeft = lonelyLeft;
      this.lonelyRight = lonelyRight;
    }

    private static List<Long> or(Iterable<Long> rows, boolean lonely) {
      List<Long> list = new ArrayList<>();
      rows.forEach(list::add);
      if (list.isEmpty() && lonely) list.add(0L);
      return list;
    }

    @ProcessElement
    public void process(ProcessContext c) {
      CoGbkResult rows = c.element().getValue();
      for (long ordered : or(rows.getAll(left), lonelyRight))
        for (long paid : or(rows.getAll(right), lonelyLeft))
          c.output(Rows.object("id", c.element().getKey(), "ordered", ordered, "paid", paid));
    }
  }

  private static void joins(Run run) {
    TupleTag<Long> orders = new TupleTag<>();
    TupleTag<Long> payments = new TupleTag<>();
    PCollection<KV<String, CoGbkResult>> both =
        KeyedPCollectionTuple.of(
                orders,
                run.input("orders")
                    .apply("orders by id", Rows.numbers("id", "cents"))
                    .apply("minutes of orders", minutes()))
            .and(
                payments,
                run.input("payments")
                    .apply("payments by id", Rows.numbers("id", "cents"))
                    .apply("minutes of payments", minutes()))
            .apply("cogroup", CoGroupByKey.create());
    run.output("inner", both.apply("inner", ParDo.of(new Pair(orders, payments, false, false))));
    run.output("left", both.apply("left", ParDo.of(new Pair(orders, payments, true, false))));
    run.output("right", both.apply("right", ParDo.of(new Pair(orders, payments, false, true))));
    run.output("full", both.apply("full", ParDo.of(new Pair(orders, payments, true, true))));
  }

  /** One key that nearly all elements have, spread over two levels of combining (R76). */
  private static void hotKeys(Run run) {
    PCollection<KV<String, Long>> orders =
        run.input("orders").apply("by city", Rows.numbers("city", "cents"));
    run.output(
        "so_far",
        orders
            .apply(
                "minutes",
                Window.<KV<String, Long>>into(FixedWindows.of(MINUTE))
                    .withAllowedLateness(MINUTE)
                    .accumulatingFiredPanes())
            .apply(
                "sum",
                Combine.<String, Long, Long>perKey(Sum.ofLongs()).withHotKeyFanout(city -> 4))
            .apply("say", Rows.say("value")));
    run.output(
        "new",
        orders
            .apply(
                "minutes, new orders",
                Window.<KV<String, Long>>into(FixedWindows.of(MINUTE))
                    .withAllowedLateness(MINUTE)
                    .discardingFiredPanes())
            .apply(
                "sum of new",
                Combine.<String, Long, Long>perKey(Sum.ofLongs()).withHotKeyFanout(city -> 3))
            .apply("say new", Rows.say("value")));
  }

  /** Sessions of hot keys. Beam's own fanout would split them, so that this is without. */
  private static void hotSessions(Run run) {
    run.output(
        "sessions",
        run.input("orders")
            .apply("by city", Rows.numbers("city", "cents"))
            .apply("visits", Window.into(Sessions.withGapDuration(Duration.standardSeconds(10))))
            .apply("sum", Sum.longsPerKey())
            .apply("say", Rows.say("value")));
  }

  /** Combines without a key, and without defaults for what is empty (R74). */
  private static void totals(Run run) {
    PCollection<Long> cents = run.input("orders").apply("cents", Rows.number("cents"));
    run.output(
        "all",
        cents
            .apply("sum", Combine.globally(Sum.ofLongs()).withoutDefaults())
            .apply("say", Rows.tell(sum -> Rows.object("value", sum))));
    run.output(
        "how_many",
        cents
            .apply("count", Combine.globally(Count.<Long>combineFn()).withoutDefaults())
            .apply("say orders", Rows.tell(count -> Rows.object("count", count))));
    run.output(
        "by_minute",
        cents
            .apply("minutes", Window.into(FixedWindows.of(MINUTE)))
            .apply("sum of minutes", Combine.globally(Sum.ofLongs()).withoutDefaults())
            .apply("say minutes", Rows.tell(sum -> Rows.object("value", sum))));
  }

  /** Largest less smallest, by a combine of one's own (R73): smallest, largest, how many. */
  static final class Spread extends Combine.CombineFn<Long, List<Long>, Long> {
    @Override
    public List<Long> createAccumulator() {
      return Arrays.asList(0L, 0L, 0L);
    }

    @Override
    public List<Long> addInput(List<Long> acc, Long value) {
      return mergeAccumulators(Arrays.asList(acc, Arrays.asList(value, value, 1L)));
    }

    @Override
    public List<Long> mergeAccumulators(Iterable<List<Long>> all) {
      List<Long> merged = createAccumulator();
      for (List<Long> acc : all) {
        if (acc.get(2) == 0) continue;
        boolean first = merged.get(2) == 0;
        merged.set(0, first ? acc.get(0) : (Long) Math.min(merged.get(0), acc.get(0)));
        merged.set(1, first ? acc.get(1) : (Long) Math.max(merged.get(1), acc.get(1)));
        merged.set(2, merged.get(2) + acc.get(2));
      }
      return merged;
    }

    @Override
    public Long extractOutput(List<Long> acc) {
      return acc.get(1) - acc.get(0);
    }
  }

  private static MapElements<KV<String, Long>, String> sayCents() {
    return Rows.tell(e -> Rows.object("city", e.getKey(), "cents", e.getValue()));
  }

  private static void spread(Run run) {
    PCollection<KV<String, Long>> orders =
        run.input("orders").apply("by city", Rows.numbers("city", "cents"));
    run.output(
        "minutes",
        orders
            .apply("minutes", minutes())
            .apply("spread", Combine.perKey(new Spread()))
            .apply("say", sayCents()));
    run.output(
        "sessions",
        orders
            .apply(
                "visits",
                Window.<KV<String, Long>>into(
                        Sessions.withGapDuration(Duration.standardSeconds(10)))
                    .withAllowedLateness(MINUTE)
                    .accumulatingFiredPanes())
            .apply("spread of sessions", Combine.perKey(new Spread()))
            .apply("say sessions", sayCents()));
  }

  static final class Each extends DoFn<KV<String, List<Long>>, String> {
    @ProcessElement
    public void process(ProcessContext c) {
      for (long cents : c.element().getValue())
        c.output(Rows.keyed(c.element().getKey(), "city", c.element().getKey(), "cents", cents));
    }
  }

  private static void figures(Run run) {
    PCollection<KV<String, Long>> orders =
        run.input("orders")
            .apply("by city", Rows.numbers("city", "cents"))
            .apply("minutes", minutes());
    run.output("least", orders.apply("min", Min.longsPerKey()).apply("say min", Rows.say("value")));
    run.output("most", orders.apply("max", Max.longsPerKey()).apply("say max", Rows.say("value")));
    run.output(
        "mean",
        orders
            .apply("mean", Mean.perKey())
            .apply(
                "say mean",
                Rows.tell(
                    e ->
                        Rows.object(
                            "city", e.getKey(), "millicents", Math.round(e.getValue() * 1000)))));
    run.output(
        "top",
        orders
            .apply("top", Top.largestPerKey(3))
            .apply("each of the top", ParDo.of(new Each())));
  }
}
