// SPDX-License-Identifier: Apache-2.0
package oracle.pipes;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Max;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.Values;
import org.apache.beam.sdk.transforms.View;
import org.apache.beam.sdk.transforms.windowing.AfterPane;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.GlobalWindows;
import org.apache.beam.sdk.transforms.windowing.Repeatedly;
import org.apache.beam.sdk.transforms.windowing.SlidingWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionView;
import org.joda.time.Duration;

/** Side inputs of each kind, in the same windows, in others, and while they change. */
final class Sides {
  private Sides() {}

  private static final Duration MINUTE = Duration.standardMinutes(1);

  static void register(Map<String, Consumer<Run>> pipes) {
    pipes.put("side_singleton", Sides::singleton);
    pipes.put("side_default", Sides::otherwise);
    pipes.put("side_list", Sides::list);
    pipes.put("side_map", Sides::map);
    pipes.put("side_windows", Sides::windows);
    pipes.put("side_firings", Sides::firings);
  }

  /** What an element's number is of the side's, in thousandths. */
  static final class Share extends DoFn<KV<String, Long>, String> {
    private final PCollectionView<Long> total;

    Share(PCollectionView<Long> total) {
      this.total = total;
    }

    @ProcessElement
    public void process(ProcessContext c) {
      long share = c.element().getValue() * 1000 / c.sideInput(total);
      c.output(Rows.object("city", c.element().getKey(), "thousandths", share));
    }
  }

  /** Each order's part in the orders of its minute. */
  private static void singleton(Run run) {
    PCollection<KV<String, Long>> orders =
        run.input("orders")
            .apply("by city", Rows.numbers("city", "cents"))
            .apply("minutes", Window.into(FixedWindows.of(MINUTE)));
    PCollectionView<Long> total =
        orders
            .apply("cents", Values.create())
            .apply("total", Combine.globally(Sum.ofLongs()).withoutDefaults())
            .apply("view", View.asSingleton());
    run.output("shares", orders.apply("share", ParDo.of(new Share(total)).withSideInputs(total)));
  }

  /** The same, of the largest order on the side, 1000 in minutes that have none. */
  private static void otherwise(Run run) {
    PCollectionView<Long> largest =
        run.input("limits")
            .apply("limits", Rows.number("cents"))
            .apply("minutes of limits", Window.into(FixedWindows.of(MINUTE)))
            .apply("largest", Combine.globally(Max.ofLongs()).withoutDefaults())
            .apply("view", View.<Long>asSingleton().withDefaultValue(1000L));
    run.output(
        "shares",
        run.input("orders")
            .apply("by city", Rows.numbers("city", "cents"))
            .apply("minutes", Window.into(FixedWindows.of(MINUTE)))
            .apply("share", ParDo.of(new Share(largest)).withSideInputs(largest)));
  }

  /** Lets pass what is not in a list. */
  static final class Unless extends DoFn<KV<String, Long>, String> {
    private final PCollectionView<List<String>> list;

    Unless(PCollectionView<List<String>> list) {
      this.list = list;
    }

    @ProcessElement
    public void process(ProcessContext c) {
      List<String> closed = c.sideInput(list);
      if (!closed.contains(c.element().getKey()))
        c.output(Rows.object("city", c.element().getKey(), "of", (long) closed.size()));
    }
  }

  /** Orders of cities that are not closed: a list, and the same as an iterable. */
  private static void list(Run run) {
    PCollectionView<List<String>> closed =
        run.input("closed").apply("cities", Rows.text("city")).apply("view", View.asList());
    run.output(
        "open",
        run.input("orders")
            .apply("by city", Rows.numbers("city", "cents"))
            .apply("minutes", Window.into(FixedWindows.of(MINUTE)))
            .apply("open", ParDo.of(new Unless(closed)).withSideInputs(closed)));
  }

  /** Orders with price and colours of what was ordered: a map and a multimap. */
  static final class Describe extends DoFn<KV<String, Long>, String> {
    private final PCollectionView<Map<String, Long>> prices;
    private final PCollectionView<Map<String, Iterable<String>>> colours;

    Describe(
        PCollectionView<Map<String, Long>> prices,
        PCollectionView<Map<String, Iterable<String>>> colours) {
      this.prices = prices;
      this.colours = colours;
    }

    @ProcessElement
    public void process(ProcessContext c) {
      String item = c.element().getKey();
      Iterable<String> colour = c.sideInput(colours).get(item);
      c.output(
          Rows.object(
              "item", item,
              "cents", c.element().getValue() * c.sideInput(prices).getOrDefault(item, 0L),
              "colours", colour == null ? "" : Rows.sorted(colour)));
    }
  }

  private static void map(Run run) {
    PCollectionView<Map<String, Long>> prices =
        run.input("prices")
            .apply("prices", Rows.numbers("item", "cents"))
            .apply("map", View.asMap());
    PCollectionView<Map<String, Iterable<String>>> colours =
        run.input("colours")
            .apply("colours", Rows.texts("item", "colour"))
            .apply("multimap", View.asMultimap());
    run.output(
        "orders",
        run.input("orders")
            .apply("by item", Rows.numbers("item", "pieces"))
            .apply(
                "describe",
                ParDo.of(new Describe(prices, colours)).withSideInputs(prices, colours)));
  }

  /** How often the element's page was seen, by a map of another window. */
  static final class Seen extends DoFn<KV<String, String>, String> {
    private final PCollectionView<Map<String, Long>> counts;

    Seen(PCollectionView<Map<String, Long>> counts) {
      this.counts = counts;
    }

    @ProcessElement
    public void process(ProcessContext c) {
      String page = c.element().getKey();
      c.output(
          Rows.object(
              "user", c.element().getValue(),
              "page", page,
              "seen", c.sideInput(counts).getOrDefault(page, 0L)));
    }
  }

  private static void seen(
      Run run,
      String name,
      PCollection<KV<String, String>> main,
      Window<KV<String, String>> mainWindows,
      Window<KV<String, String>> sideWindows,
      PCollection<KV<String, String>> side) {
    PCollectionView<Map<String, Long>> counts =
        side.apply(name + ": windows of the side", sideWindows)
            .apply(name + ": count", Count.perKey())
            .apply(name + ": map", View.asMap());
    run.output(
        name,
        main.apply(name + ": windows", mainWindows)
            .apply(name + ": seen", ParDo.of(new Seen(counts)).withSideInputs(counts)));
  }

  /** Windows of the main input are mapped to those of the side (R70). */
  private static void windows(Run run) {
    PCollection<KV<String, String>> clicks =
        run.input("clicks").apply("clicks by page", Rows.texts("page", "user"));
    PCollection<KV<String, String>> views =
        run.input("views").apply("views by page", Rows.texts("page", "user"));
    Duration five = Duration.standardMinutes(5);
    seen(
        run,
        "minutes_in_five",
        clicks,
        Window.into(FixedWindows.of(MINUTE)),
        Window.into(FixedWindows.of(five)),
        views);
    seen(
        run,
        "five_in_minutes",
        clicks,
        Window.into(FixedWindows.of(five)),
        Window.into(FixedWindows.of(MINUTE)),
        views);
    seen(
        run,
        "minutes_in_sliding",
        clicks,
        Window.into(FixedWindows.of(MINUTE)),
        Window.into(SlidingWindows.of(Duration.standardMinutes(3)).every(MINUTE)),
        views);
    seen(
        run,
        "sliding_in_minutes",
        clicks,
        Window.into(
            SlidingWindows.of(Duration.standardSeconds(90)).every(Duration.standardSeconds(30))),
        Window.into(FixedWindows.of(MINUTE)),
        views);
  }

  /** The list as it is when the element comes. */
  static final class Now extends DoFn<KV<String, Long>, String> {
    private final PCollectionView<List<Long>> list;

    Now(PCollectionView<List<Long>> list) {
      this.list = list;
    }

    @ProcessElement
    public void process(ProcessContext c) {
      c.output(
          Rows.object(
              "city", c.element().getKey(),
              "cents", c.element().getValue(),
              "rates", Rows.sorted(c.sideInput(list))));
    }
  }

  private static void now(
      Run run, String name, PCollection<KV<String, Long>> orders, Window<Long> rates) {
    PCollectionView<List<Long>> list =
        run.input("rates")
            .apply(name + ": rates", Rows.number("rate"))
            .apply(name + ": firings", rates)
            .apply(name + ": list", View.asList());
    run.output(name, orders.apply(name, ParDo.of(new Now(list)).withSideInputs(list)));
  }

  /** What a list holds while it is given again and again (R72). */
  private static void firings(Run run) {
    PCollection<KV<String, Long>> orders =
        run.input("orders").apply("by city", Rows.numbers("city", "cents"));
    Window<Long> twos =
        Window.<Long>into(new GlobalWindows())
            .triggering(Repeatedly.forever(AfterPane.elementCountAtLeast(2)))
            .withAllowedLateness(Duration.ZERO);
    now(run, "discarding", orders, twos.discardingFiredPanes());
    now(run, "accumulating", orders, twos.accumulatingFiredPanes());
  }
}
