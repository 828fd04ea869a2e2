// SPDX-License-Identifier: Apache-2.0
package peer;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** The row of bench/support/event.h. Public and with setters of its fields, as engines want it. */
public final class Event {
  /** All rows, in order of time, for whoever works in this process. */
  public static Event[] rows = {};

  public static final long MINUTE_US = 60_000_000;
  private static final int FIELDS = 8;
  private static final int PART = 1 << 20;

  public long atUs;
  public long user;
  public long product;
  public long price;
  public long kind;
  public long quantity;
  public long session;
  public long origin;

  /** Reads rows into objects that lie in the heap one after another. */
  static void read(Path file, int count) throws IOException {
    rows = new Event[count];
    try (FileChannel channel = FileChannel.open(file)) {
      for (int at = 0; at < count; at += PART) {
        int part = Math.min(PART, count - at);
        long bytes = (long) FIELDS * Long.BYTES;
        LongBuffer numbers =
            channel
                .map(FileChannel.MapMode.READ_ONLY, at * bytes, part * bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asLongBuffer();
        for (int i = 0; i < part; i++) {
          rows[at + i] = next(numbers);
        }
      }
    }
  }

  private static Event next(LongBuffer numbers) {
    Event event = new Event();
    event.atUs = numbers.get();
    event.user = numbers.get();
    event.product = numbers.get();
    event.price = numbers.get();
    event.kind = numbers.get();
    event.quantity = numbers.get();
    event.session = numbers.get();
    event.origin = numbers.get();
    return event;
  }

  public boolean isWanted() {
    return kind != 0;
  }

  public static long convert(long price) {
    return price * 89 / 100;
  }

  public static boolean isDear(long converted) {
    return converted > 2860;
  }
}
