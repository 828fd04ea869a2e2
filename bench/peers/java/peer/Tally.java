// SPDX-License-Identifier: Apache-2.0
package peer;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/** What a run comes to: results of all threads, and the clock from the first row to the last. */
public final class Tally {
  private static final long MIX = 0x9E3779B97F4A7C15L;
  private static final AtomicLong SUM = new AtomicLong();
  private static final AtomicLong RESULTS = new AtomicLong();
  private static final AtomicLong BEGIN = new AtomicLong();
  private static final AtomicLong END = new AtomicLong();
  private static final AtomicLong BEGIN_CPU = new AtomicLong();
  private static final AtomicLong END_CPU = new AtomicLong();
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private Tally() {}

  static void reset() {
    SUM.set(0);
    RESULTS.set(0);
    BEGIN.set(0);
    END.set(0);
    END_CPU.set(0);
  }

  /** A source begins. The first of them counts. */
  public static void begin() {
    if (BEGIN.compareAndSet(0, System.nanoTime())) {
      BEGIN_CPU.set(SYSTEM.getProcessCpuTime());
    }
  }

  /** A sink has got all it gets. The last of them counts. */
  public static void end(long sum, long results) {
    SUM.addAndGet(sum);
    RESULTS.addAndGet(results);
    END.accumulateAndGet(System.nanoTime(), Math::max);
    END_CPU.accumulateAndGet(SYSTEM.getProcessCpuTime(), Math::max);
  }

  /** What one count adds to the checksum: event_mix() of bench/support/event.h. */
  public static long mix(long key, long startUs, long count) {
    long mixed = key ^ (startUs * MIX);
    return (mixed ^ (mixed >>> 29)) * (count * 2 + 1);
  }

  static String line() {
    double seconds = (END.get() - BEGIN.get()) * 1e-9;
    double cpu = (END_CPU.get() - BEGIN_CPU.get()) * 1e-9;
    return String.format(
        Locale.ROOT, "done %.6f %.6f %d %016x", seconds, cpu, RESULTS.get(), SUM.get());
  }
}
