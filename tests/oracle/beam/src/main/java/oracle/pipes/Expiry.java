// SPDX-License-Identifier: Apache-2.0
package oracle.pipes;

import java.util.Map;
import java.util.function.Consumer;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.CombiningState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.joda.time.Duration;

/** What happens at the end of a window, and at its expiry, once late elements have come between. */
final class Expiry {
  private Expiry() {}

  private static final Duration LATENESS = Duration.standardSeconds(30);

  static void register(Map<String, Consumer<Run>> pipes) {
    pipes.put("late_at_expiry", Expiry::lateAtExpiry);
    pipes.put("ends_and_expiries", Expiry::endsAndExpiries);
  }

  /** Counts a window's elements and adds them up, and tells both when it expires. */
  static final class Counted extends DoFn<KV<String, Long>, String> {
    @StateId("count")
    private final StateSpec<ValueState<Long>> count = StateSpecs.value();

    @StateId("sum")
    private final StateSpec<CombiningState<Long, long[], Long>> sum =
        StateSpecs.combining(Sum.ofLongs());

    @ProcessElement
    public void process(
        @Element KV<String, Long> e,
        @StateId("count") ValueState<Long> count,
        @StateId("sum") CombiningState<Long, long[], Long> sum) {
      Long before = count.read();
      count.write(before == null ? 1 : before + 1);
      sum.add(e.getValue());
    }

    @OnWindowExpiration
    public void expire(
        @Key String city,
        OutputReceiver<String> out,
        @StateId("count") ValueState<Long> count,
        @StateId("sum") CombiningState<Long, long[], Long> sum) {
      out.output(Rows.object("city", city, "count", count.read(), "sum", sum.read()));
    }
  }

  /**
   * A timer at the window's end takes what the bag holds; what comes later is given at the expiry,
   * behind a timer of the last instant before it. The turn numbers what a key and window tells.
   */
  static final class Ends extends DoFn<KV<String, Long>, String> {
    @StateId("turn")
    private final StateSpec<ValueState<Long>> turn = StateSpecs.value();

    @StateId("cents")
    private final StateSpec<BagState<Long>> cents = StateSpecs.bag();

    @TimerId("end")
    private final TimerSpec end = TimerSpecs.timer(TimeDomain.EVENT_TIME);

    @TimerId("last")
    private final TimerSpec last = TimerSpecs.timer(TimeDomain.EVENT_TIME);

    private static void tell(
        DoFn.OutputReceiver<String> out,
        String city,
        String what,
        ValueState<Long> turn,
        BagState<Long> cents) {
      Long before = turn.read();
      turn.write(before == null ? 1 : before + 1);
      out.output(
          Rows.object(
              "city", city, "what", what, "turn", turn.read(), "cents", Rows.sorted(cents.read())));
    }

    @ProcessElement
    public void process(
        @Element KV<String, Long> e,
        BoundedWindow window,
        @StateId("turn") ValueState<Long> turn,
        @StateId("cents") BagState<Long> cents,
        @TimerId("end") Timer end,
        @TimerId("last") Timer last) {
      cents.add(e.getValue());
      if (turn.read() == null) end.set(window.maxTimestamp());
      last.withOutputTimestamp(window.maxTimestamp()).set(window.maxTimestamp().plus(LATENESS));
    }

    @OnTimer("end")
    public void end(
        @Key String city,
        OutputReceiver<String> out,
        @StateId("turn") ValueState<Long> turn,
        @StateId("cents") BagState<Long> cents) {
      tell(out, city, "end", turn, cents);
      cents.clear();
    }

    @OnTimer("last")
    public void last(
        @Key String city,
        OutputReceiver<String> out,
        @StateId("turn") ValueState<Long> turn,
        @StateId("cents") BagState<Long> cents) {
      tell(out, city, "last", turn, cents);
    }

    @OnWindowExpiration
    public void expire(
        @Key String city,
        OutputReceiver<String> out,
        @StateId("turn") ValueState<Long> turn,
        @StateId("cents") BagState<Long> cents) {
      tell(out, city, "expiry", turn, cents);
    }
  }

  /** Late elements count until the expiry; what is told then comes before the next step's end. */
  private static void lateAtExpiry(Run run) {
    PCollection<String> counted =
        State.orders(run)
            .apply("minutes", State.minutes())
            .apply("counted", ParDo.of(new Counted()));
    run.output("cities", counted);
    run.output(
        "sums",
        counted
            .apply("by count", Rows.numbers("count", "sum"))
            .apply("ends", ParDo.of(new Ends())));
  }

  private static void endsAndExpiries(Run run) {
    run.output(
        "told",
        State.orders(run).apply("minutes", State.minutes()).apply("ends", ParDo.of(new Ends())));
  }
}
