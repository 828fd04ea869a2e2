// SPDX-License-Identifier: Apache-2.0
package oracle.pipes;

import java.util.Map;
import java.util.function.Consumer;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerMap;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.KV;
import org.joda.time.Duration;
import org.joda.time.Instant;

/** Timers of both clocks, families of them, and the times of what they give. */
final class Timers {
  private Timers() {}

  private static final Duration TEN = Duration.standardSeconds(10);

  static void register(Map<String, Consumer<Run>> pipes) {
    pipes.put("parcels", Timers::parcels);
    pipes.put("parcels_by_clock", Timers::parcelsByClock);
    pipes.put("reminders", Timers::reminders);
    pipes.put("looping_timer", Timers::looping);
    pipes.put("aligned_timer", Timers::aligned);
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  private static void give(
      DoFn.OutputReceiver<String> out, ValueState<String> city, BagState<Long> cents) {
    out.output(Rows.object("city", city.read(), "cents", Rows.sorted(cents.read())));
    cents.clear();
  }

  /** Elements in parcels, which leave ten seconds of event time after their first. */
  static final class Parcels extends DoFn<KV<String, Long>, String> {
    @StateId("city")
    private final StateSpec<ValueState<String>> city = StateSpecs.value();

    @StateId("cents")
    private final StateSpec<BagState<Long>> cents = StateSpecs.bag();

    @TimerId("leave")
    private final TimerSpec leave = TimerSpecs.timer(TimeDomain.EVENT_TIME);

    @ProcessElement
    public void process(
        @Element KV<String, Long> e,
        @Timestamp Instant at,
        BoundedWindow window,
        @StateId("city") ValueState<String> city,
        @StateId("cents") BagState<Long> cents,
        @TimerId("leave") Timer leave) {
      if (cents.isEmpty().read())
        leave.withOutputTimestamp(at).set(earlier(at.plus(TEN), window.maxTimestamp()));
      city.write(e.getKey());
      cents.add(e.getValue());
    }

    @OnTimer("leave")
    public void leave(
        OutputReceiver<String> out,
        @StateId("city") ValueState<String> city,
        @StateId("cents") BagState<Long> cents) {
      give(out, city, cents);
    }
  }

  private static void parcels(Run run) {
    run.output(
        "parcels",
        State.orders(run)
            .apply("minutes", State.minutes())
            .apply("parcels", ParDo.of(new Parcels())));
  }

  /** The same by the clock; what has not left when the window expires leaves then. */
  static final class ClockParcels extends DoFn<KV<String, Long>, String> {
    @StateId("city")
    private final StateSpec<ValueState<String>> city = StateSpecs.value();

    @StateId("cents")
    private final StateSpec<BagState<Long>> cents = StateSpecs.bag();

    @TimerId("leave")
    private final TimerSpec leave = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

    @ProcessElement
    public void process(
        @Element KV<String, Long> e,
        @StateId("city") ValueState<String> city,
        @StateId("cents") BagState<Long> cents,
        @TimerId("leave") Timer leave) {
      if (cents.isEmpty().read()) leave.offset(TEN).setRelative();
      city.write(e.getKey());
      cents.add(e.getValue());
    }

    @OnTimer("leave")
    public void leave(
        OutputReceiver<String> out,
        @StateId("city") ValueState<String> city,
        @StateId("cents") BagState<Long> cents) {
      give(out, city, cents);
    }

    @OnWindowExpiration
    public void expire(
        OutputReceiver<String> out,
        @StateId("city") ValueState<String> city,
        @StateId("cents") BagState<Long> cents) {
      if (!cents.isEmpty().read()) give(out, city, cents);
    }
  }

  private static void parcelsByClock(Run run) {
    run.output(
        "parcels",
        State.orders(run)
            .apply("minutes", State.minutes())
            .apply("parcels", ParDo.of(new ClockParcels())));
  }

  /** A timer for each number; a number that comes again puts its timer off. */
  static final class Reminders extends DoFn<KV<String, Long>, String> {
    @StateId("city")
    private final StateSpec<ValueState<String>> city = StateSpecs.value();

    @TimerFamily("remind")
    private final TimerSpec remind = TimerSpecs.timerMap(TimeDomain.EVENT_TIME);

    @ProcessElement
    public void process(
        @Element KV<String, Long> e,
        @Timestamp Instant at,
        @StateId("city") ValueState<String> city,
        @TimerFamily("remind") TimerMap remind) {
      city.write(e.getKey());
      // a multiple of ten takes the reminder back
      if (e.getValue() % 10 == 0) remind.get("n" + e.getValue() / 10 % 10).clear();
      else remind.set("n" + e.getValue() % 10, at.plus(TEN));
    }

    @OnTimerFamily("remind")
    public void remind(
        @TimerId String tag,
        @Timestamp Instant at,
        OutputReceiver<String> out,
        @StateId("city") ValueState<String> city) {
      out.output(Rows.object("city", city.read(), "number", tag, "at", at.getMillis()));
    }
  }

  private static void reminders(Run run) {
    run.output("reminders", State.orders(run).apply("reminders", ParDo.of(new Reminders())));
  }

  /** Every ten seconds of event time how many elements there were, up to the window's end. */
  static final class Looping extends DoFn<KV<String, Long>, String> {
    @StateId("city")
    private final StateSpec<ValueState<String>> city = StateSpecs.value();

    @StateId("seen")
    private final StateSpec<BagState<Long>> seen = StateSpecs.bag();

    @TimerId("tell")
    private final TimerSpec tell = TimerSpecs.timer(TimeDomain.EVENT_TIME);

    @ProcessElement
    public void process(
        @Element KV<String, Long> e,
        BoundedWindow window,
        @StateId("city") ValueState<String> city,
        @StateId("seen") BagState<Long> seen,
        @TimerId("tell") Timer tell) {
      if (city.read() == null) {
        Instant start = window.maxTimestamp().minus(Duration.millis(59999));
        tell.set(start.plus(TEN));
      }
      city.write(e.getKey());
      seen.add(e.getValue());
    }

    @OnTimer("tell")
    public void tell(
        OnTimerContext c,
        BoundedWindow window,
        @StateId("city") ValueState<String> city,
        @StateId("seen") BagState<Long> seen,
        @TimerId("tell") Timer tell) {
      long count = 0;
      for (long ignored : seen.read()) count++;
      c.output(Rows.object("city", city.read(), "seen", count));
      Instant next = c.fireTimestamp().plus(TEN);
      if (next.isBefore(window.maxTimestamp())) tell.set(next);
    }
  }

  private static void looping(Run run) {
    run.output(
        "seen",
        State.orders(run)
            .apply("minutes", State.minutes())
            .apply("looping", ParDo.of(new Looping())));
  }

  /** Relative timers, aligned: where the grid lies (R61). */
  static final class Aligned extends DoFn<KV<String, Long>, String> {
    @StateId("city")
    private final StateSpec<ValueState<String>> city = StateSpecs.value();

    @TimerId("grid")
    private final TimerSpec grid = TimerSpecs.timer(TimeDomain.EVENT_TIME);

    @TimerId("shifted")
    private final TimerSpec shifted = TimerSpecs.timer(TimeDomain.EVENT_TIME);

    @TimerId("after")
    private final TimerSpec after = TimerSpecs.timer(TimeDomain.EVENT_TIME);

    @ProcessElement
    public void process(
        @Element KV<String, Long> e,
        @StateId("city") ValueState<String> city,
        @TimerId("grid") Timer grid,
        @TimerId("shifted") Timer shifted,
        @TimerId("after") Timer after) {
      city.write(e.getKey());
      grid.align(TEN).setRelative();
      shifted.offset(Duration.standardSeconds(3)).align(TEN).setRelative();
      after.offset(Duration.standardSeconds(7)).setRelative();
    }

    private void say(OnTimerContext c, String timer, ValueState<String> city) {
      c.output(
          Rows.object(
              "city", city.read(), "timer", timer, "at", c.fireTimestamp().getMillis()));
    }

    @OnTimer("grid")
    public void grid(OnTimerContext c, @StateId("city") ValueState<String> city) {
      say(c, "grid", city);
    }

    @OnTimer("shifted")
    public void shifted(OnTimerContext c, @StateId("city") ValueState<String> city) {
      say(c, "shifted", city);
    }

    @OnTimer("after")
    public void after(OnTimerContext c, @StateId("city") ValueState<String> city) {
      say(c, "after", city);
    }
  }

  private static void aligned(Run run) {
    run.output(
        "timers",
        State.orders(run)
            .apply("minutes", State.minutes())
            .apply("aligned", ParDo.of(new Aligned())));
  }
}
