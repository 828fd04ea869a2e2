// SPDX-License-Identifier: Apache-2.0
package oracle.pipes;

import java.util.Map;
import java.util.function.Consumer;
import org.apache.beam.sdk.io.range.OffsetRange;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.Deduplicate;
import org.apache.beam.sdk.transforms.Distinct;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.GroupIntoBatches;
import org.apache.beam.sdk.transforms.Latest;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Partition;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.Wait;
import org.apache.beam.sdk.transforms.splittabledofn.RestrictionTracker;
import org.apache.beam.sdk.transforms.windowing.AfterPane;
import org.apache.beam.sdk.transforms.windowing.AfterWatermark;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.Sessions;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.joda.time.Duration;

/** Transforms of the library. */
final class Library {
  private Library() {}

  private static final Duration MINUTE = Duration.standardMinutes(1);
  private static final Duration TEN = Duration.standardSeconds(10);
  private static final Duration HALF = Duration.standardSeconds(30);

  static void register(Map<String, Consumer<Run>> pipes) {
    pipes.put("distinct", Library::distinct);
    pipes.put("deduplicate", Library::deduplicate);
    pipes.put("latest", Library::latest);
    pipes.put("batches", Library::batches);
    pipes.put("wait_on", Library::waitOn);
    pipes.put("flatten", Library::flatten);
    pipes.put("partition", Library::partition);
    pipes.put("reshuffle", Library::reshuffle);
    pipes.put("splittable", Library::splittable);
  }

  private static void distinct(Run run) {
    PCollection<String> pages = run.input("clicks").apply("pages", Rows.text("page"));
    run.output(
        "pages",
        pages
            .apply("minutes", Window.into(FixedWindows.of(MINUTE)))
            .apply("distinct", Distinct.create())
            .apply("say", Rows.tell(page -> Rows.object("page", page))));
    run.output(
        "with_late",
        pages
            .apply(
                "minutes with lateness",
                Window.<String>into(FixedWindows.of(MINUTE))
                    .withAllowedLateness(HALF)
                    .discardingFiredPanes())
            .apply("distinct with lateness", Distinct.create())
            .apply("say with lateness", Rows.tell(page -> Rows.object("page", page))));
  }

  private static void deduplicate(Run run) {
    PCollection<String> pages = run.input("clicks").apply("pages", Rows.text("page"));
    run.output(
        "clock",
        pages
            .apply("minutes", Window.into(FixedWindows.of(MINUTE)))
            .apply(
                "ten seconds by the clock",
                Deduplicate.<String>values()
                    .withTimeDomain(TimeDomain.PROCESSING_TIME)
                    .withDuration(TEN))
            .apply("say by the clock", Rows.tell(page -> Rows.object("page", page))));
  }

  private static void latest(Run run) {
    run.output(
        "orders",
        run.input("orders")
            .apply("by city", Rows.numbers("city", "cents"))
            .apply(
                "minutes",
                Window.<KV<String, Long>>into(FixedWindows.of(MINUTE))
                    .withAllowedLateness(HALF)
                    .accumulatingFiredPanes())
            .apply("latest", Latest.perKey())
            .apply(
                "say",
                Rows.tell(e -> Rows.object("city", e.getKey(), "cents", e.getValue()))));
  }

  private static void batches(Run run) {
    PCollection<KV<String, Long>> orders =
        run.input("orders")
            .apply("by city", Rows.numbers("city", "cents"))
            .apply("minutes", Window.into(FixedWindows.of(MINUTE)));
    run.output(
        "threes",
        orders
            .apply("threes", GroupIntoBatches.ofSize(3))
            .apply(
                "say",
                Rows.tell(
                    e -> Rows.object("city", e.getKey(), "cents", Rows.inOrder(e.getValue())))));
    run.output(
        "ten_seconds",
        orders
            .apply(
                "ten seconds",
                GroupIntoBatches.<String, Long>ofSize(100).withMaxBufferingDuration(TEN))
            .apply(
                "say by the clock",
                Rows.tell(
                    e -> Rows.object("city", e.getKey(), "cents", Rows.inOrder(e.getValue())))));
  }

  private static void waitOn(Run run) {
    PCollection<String> signal =
        run.input("clicks")
            .apply("pages", Rows.text("page"))
            .apply(
                "minutes of the signal",
                Window.<String>into(FixedWindows.of(MINUTE))
                    .withAllowedLateness(HALF)
                    .discardingFiredPanes());
    run.output(
        "orders",
        run.input("orders")
            .apply("orders", Rows.numbers("city", "cents"))
            .apply(
                "half minutes",
                Window.<KV<String, Long>>into(FixedWindows.of(HALF))
                    .withAllowedLateness(Duration.standardMinutes(5))
                    .discardingFiredPanes())
            .apply("wait", Wait.on(signal))
            .apply(
                "say", Rows.tell(e -> Rows.object("city", e.getKey(), "cents", e.getValue()))));
  }

  private static void flatten(Run run) {
    PCollection<KV<String, String>> shop =
        run.input("clicks")
            .apply("clicks", Rows.texts("user", "page"))
            .apply("short visits", Window.into(Sessions.withGapDuration(TEN)));
    PCollection<KV<String, String>> news =
        run.input("views")
            .apply("views", Rows.texts("user", "page"))
            .apply("long visits", Window.into(Sessions.withGapDuration(HALF)));
    run.output(
        "visits",
        PCollectionList.of(shop)
            .and(news)
            .apply("both", Flatten.pCollections())
            .apply("count", Count.perKey())
            .apply("say", Rows.say("count")));
  }

  private static void partition(Run run) {
    PCollectionList<KV<String, Long>> parts =
        run.input("orders")
            .apply("by city", Rows.numbers("city", "cents"))
            .apply("minutes", Window.into(FixedWindows.of(MINUTE)))
            .apply("parts", Partition.of(3, (e, n) -> (int) (e.getValue() % n)));
    for (int i = 0; i < 3; i++)
      run.output(
          "part_" + i,
          parts
              .get(i)
              .apply("sum " + i, Sum.longsPerKey())
              .apply("say " + i, Rows.say("value")));
  }

  /** Windows, times and panes of what was given early and late stay as they are (R79). */
  private static void reshuffle(Run run) {
    run.output(
        "sums",
        run.input("orders")
            .apply("by city", Rows.numbers("city", "cents"))
            .apply(
                "minutes",
                Window.<KV<String, Long>>into(FixedWindows.of(MINUTE))
                    .triggering(
                        AfterWatermark.pastEndOfWindow()
                            .withEarlyFirings(AfterPane.elementCountAtLeast(2))
                            .withLateFirings(AfterPane.elementCountAtLeast(1)))
                    .withAllowedLateness(HALF)
                    .accumulatingFiredPanes())
            .apply("sum", Sum.longsPerKey())
            .apply("reshuffle", Reshuffle.of())
            .apply(
                "say", Rows.tell(e -> Rows.object("city", e.getKey(), "cents", e.getValue()))));
  }

  /** As many elements as a number says, a second apart. */
  @DoFn.BoundedPerElement
  static final class Ticks extends DoFn<KV<String, Long>, KV<String, Long>> {
    @ProcessElement
    public void process(ProcessContext c, RestrictionTracker<OffsetRange, Long> tracker) {
      for (long i = tracker.currentRestriction().getFrom(); tracker.tryClaim(i); i++)
        c.outputWithTimestamp(
            KV.of(c.element().getKey(), i), c.timestamp().plus(Duration.standardSeconds(i)));
    }

    @GetInitialRestriction
    public OffsetRange initial(@Element KV<String, Long> e) {
      return new OffsetRange(0, e.getValue());
    }

    @SplitRestriction
    public void split(@Restriction OffsetRange all, OutputReceiver<OffsetRange> parts) {
      for (long from = all.getFrom(); from < all.getTo(); from += 4)
        parts.output(new OffsetRange(from, Math.min(from + 4, all.getTo())));
    }
  }

  private static void splittable(Run run) {
    PCollection<KV<String, Long>> ticks =
        run.input("jobs")
            .apply("jobs", Rows.numbers("name", "ticks"))
            .apply("ticks", ParDo.of(new Ticks()));
    run.output("ticks", ticks.apply(
            "say", Rows.tell(e -> Rows.object("name", e.getKey(), "tick", e.getValue()))));
    run.output(
        "by_ten_seconds",
        ticks
            .apply("ten seconds", Window.into(FixedWindows.of(TEN)))
            .apply("sum", Sum.longsPerKey())
            .apply("say sums", Rows.say("value")));
  }
}
