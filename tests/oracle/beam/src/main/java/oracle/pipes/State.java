// SPDX-License-Identifier: Apache-2.0
package oracle.pipes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.CombiningState;
import org.apache.beam.sdk.state.MapState;
import org.apache.beam.sdk.state.OrderedListState;
import org.apache.beam.sdk.state.SetState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.SlidingWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TimestampedValue;
import org.joda.time.Duration;
import org.joda.time.Instant;

/** Cells of each kind, and what happens to them when a window expires. */
final class State {
  private State() {}

  private static final Duration MINUTE = Duration.standardMinutes(1);
  private static final Duration HALF = Duration.standardSeconds(30);

  static void register(Map<String, Consumer<Run>> pipes) {
    pipes.put("running", State::running);
    pipes.put("totals_at_expiry", State::totalsAtExpiry);
    pipes.put("sets_and_maps", State::setsAndMaps);
    pipes.put("ordered_list", State::orderedList);
    pipes.put("time_sorted", State::timeSorted);
    pipes.put("state_by_state", State::stateByState);
  }

  static PCollection<KV<String, Long>> orders(Run run) {
    return run.input("orders").apply("by city", Rows.numbers("city", "cents"));
  }

  static Window<KV<String, Long>> minutes() {
    return Window.<KV<String, Long>>into(FixedWindows.of(MINUTE))
        .withAllowedLateness(HALF)
        .discardingFiredPanes();
  }

  /** Numbers the elements of a key and window and adds them up. */
  static final class Running extends DoFn<KV<String, Long>, String> {
    @StateId("number")
    private final StateSpec<ValueState<Long>> number = StateSpecs.value();

    @StateId("sum")
    private final StateSpec<CombiningState<Long, long[], Long>> sum =
        StateSpecs.combining(Sum.ofLongs());

    @ProcessElement
    public void process(
        ProcessContext c,
        @StateId("number") ValueState<Long> number,
        @StateId("sum") CombiningState<Long, long[], Long> sum) {
      Long before = number.read();
      number.write(before == null ? 1 : before + 1);
      sum.add(c.element().getValue());
      c.output(
          Rows.object("city", c.element().getKey(), "number", number.read(), "sum", sum.read()));
    }
  }

  private static void running(Run run) {
    PCollection<KV<String, Long>> orders = orders(run);
    run.output("all", orders.apply("running", ParDo.of(new Running())));
    run.output(
        "sliding",
        orders
            .apply("sliding", Window.into(SlidingWindows.of(MINUTE).every(HALF)))
            .apply("running in windows", ParDo.of(new Running())));
  }

  /** Keeps a window's elements and gives them when it expires. */
  static final class AtExpiry extends DoFn<KV<String, Long>, String> {
    @StateId("city")
    private final StateSpec<ValueState<String>> city = StateSpecs.value();

    @StateId("cents")
    private final StateSpec<BagState<Long>> cents = StateSpecs.bag();

    @ProcessElement
    public void process(
        ProcessContext c,
        @StateId("city") ValueState<String> city,
        @StateId("cents") BagState<Long> cents) {
      city.write(c.element().getKey());
      cents.add(c.element().getValue());
    }

    @OnWindowExpiration
    public void expire(
        OutputReceiver<String> out,
        @StateId("city") ValueState<String> city,
        @StateId("cents") BagState<Long> cents) {
      out.output(Rows.object("city", city.read(), "cents", Rows.sorted(cents.read())));
    }
  }

  private static void totalsAtExpiry(Run run) {
    run.output(
        "cents",
        orders(run).apply("minutes", minutes()).apply("at expiry", ParDo.of(new AtExpiry())));
  }

  /** State by the number that other state has given: two keys, one after the other (R85). */
  private static void stateByState(Run run) {
    run.output(
        "cents",
        orders(run)
            .apply("minutes", minutes())
            .apply("running", ParDo.of(new Running()))
            .apply("by number", Rows.numbers("number", "sum"))
            .apply("at expiry", ParDo.of(new AtExpiry())));
  }

  /** What is new in a set, and how often it was there by a map. */
  static final class Known extends DoFn<KV<String, Long>, String> {
    @StateId("known")
    private final StateSpec<SetState<Long>> known = StateSpecs.set(VarLongCoder.of());

    @StateId("times")
    private final StateSpec<MapState<Long, Long>> times =
        StateSpecs.map(VarLongCoder.of(), VarLongCoder.of());

    @ProcessElement
    public void process(
        ProcessContext c,
        @StateId("known") SetState<Long> known,
        @StateId("times") MapState<Long, Long> times) {
      long value = c.element().getValue();
      boolean fresh = known.addIfAbsent(value).read();
      Long before = times.get(value).read();
      times.put(value, before == null ? 1 : before + 1);
      // every fifth sight of a number lets it be forgotten
      if (before != null && before == 4) {
        known.remove(value);
        times.remove(value);
      }
      c.output(
          Rows.object(
              "city", c.element().getKey(),
              "cents", value,
              "fresh", fresh,
              "before", before == null ? 0 : before));
    }
  }

  private static void setsAndMaps(Run run) {
    run.output("sights", orders(run).apply("known", ParDo.of(new Known())));
  }

  /** The elements of the ten seconds before an element, by time. */
  static final class Before extends DoFn<KV<String, Long>, String> {
    @StateId("list")
    private final StateSpec<OrderedListState<Long>> list =
        StateSpecs.orderedList(VarLongCoder.of());

    @ProcessElement
    public void process(
        @Element KV<String, Long> e,
        @Timestamp Instant at,
        @StateId("list") OrderedListState<Long> list,
        OutputReceiver<String> out) {
      Instant from = at.minus(Duration.standardSeconds(10));
      List<Long> before = new ArrayList<>();
      for (TimestampedValue<Long> v : list.readRange(from, at)) before.add(v.getValue());
      list.add(TimestampedValue.of(e.getValue(), at));
      list.clearRange(new Instant(0), from.minus(MINUTE));
      out.output(
          Rows.object("city", e.getKey(), "cents", e.getValue(), "before", Rows.inOrder(before)));
    }
  }

  private static void orderedList(Run run) {
    run.output("orders", orders(run).apply("before", ParDo.of(new Before())));
  }

  /** What came since the element before, in order of event time. */
  static final class Since extends DoFn<KV<String, Long>, String> {
    @StateId("last")
    private final StateSpec<ValueState<Long>> last = StateSpecs.value();

    @RequiresTimeSortedInput
    @ProcessElement
    public void process(ProcessContext c, @StateId("last") ValueState<Long> last) {
      Long before = last.read();
      long at = c.timestamp().getMillis();
      last.write(at);
      c.output(
          Rows.object(
              "city", c.element().getKey(),
              "cents", c.element().getValue(),
              "since", before == null ? 0 : at - before));
    }
  }

  private static void timeSorted(Run run) {
    run.output(
        "orders",
        orders(run)
            .apply("minutes", Window.into(FixedWindows.of(MINUTE)))
            .apply("since", ParDo.of(new Since())));
  }
}
