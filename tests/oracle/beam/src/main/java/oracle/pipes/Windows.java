// SPDX-License-Identifier: Apache-2.0
package oracle.pipes;

import java.util.Map;
import java.util.function.Consumer;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.windowing.AfterPane;
import org.apache.beam.sdk.transforms.windowing.AfterProcessingTime;
import org.apache.beam.sdk.transforms.windowing.AfterWatermark;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.GlobalWindows;
import org.apache.beam.sdk.transforms.windowing.Repeatedly;
import org.apache.beam.sdk.transforms.windowing.Sessions;
import org.apache.beam.sdk.transforms.windowing.SlidingWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.transforms.windowing.Window.ClosingBehavior;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.joda.time.Duration;

/** Sliding windows, sessions, results before and after the end of a window. */
final class Windows {
  private Windows() {}

  private static final Duration MINUTE = Duration.standardMinutes(1);

  static void register(Map<String, Consumer<Run>> pipes) {
    pipes.put("sliding_count", Windows::slidingCount);
    pipes.put("sessions", Windows::sessions);
    pipes.put("session_lengths", Windows::sessionLengths);
    pipes.put("early_late", Windows::earlyLate);
    pipes.put("leaderboard", Windows::leaderboard);
  }

  private static void slidingCount(Run run) {
    PCollection<KV<String, String>> clicks =
        run.input("clicks").apply("by page", Rows.texts("page", "user"));
    run.output(
        "every_20_seconds",
        clicks
            .apply(
                "minutes",
                Window.into(SlidingWindows.of(MINUTE).every(Duration.standardSeconds(20))))
            .apply("count", Count.perKey())
            .apply("say", Rows.say("count")));
    run.output(
        "shifted",
        clicks
            .apply(
                "shifted",
                Window.into(
                    SlidingWindows.of(Duration.standardSeconds(70))
                        .every(Duration.standardSeconds(25))
                        .withOffset(Duration.standardSeconds(5))))
            .apply("count shifted", Count.perKey())
            .apply("say shifted", Rows.say("count")));
  }

  private static void sessions(Run run) {
    PCollection<KV<String, String>> clicks =
        run.input("clicks").apply("by user", Rows.texts("user", "page"));
    run.output(
        "pages",
        clicks
            .apply(
                "visits",
                Window.<KV<String, String>>into(
                        Sessions.withGapDuration(Duration.standardSeconds(30)))
                    .withAllowedLateness(MINUTE)
                    .accumulatingFiredPanes())
            .apply("group", GroupByKey.create())
            .apply(
                "say",
                Rows.tell(
                    e -> Rows.object("user", e.getKey(), "pages", Rows.sorted(e.getValue())))));
    run.output(
        "clicks",
        clicks
            .apply(
                "visits, new clicks",
                Window.<KV<String, String>>into(
                        Sessions.withGapDuration(Duration.standardSeconds(30)))
                    .withAllowedLateness(MINUTE, ClosingBehavior.FIRE_ALWAYS)
                    .discardingFiredPanes())
            .apply("count", Count.perKey())
            .apply("say clicks", Rows.say("count")));
  }

  /** How many sessions have how many clicks: sessions of different users must not merge (R16). */
  private static void sessionLengths(Run run) {
    PCollection<KV<String, Long>> lengths =
        run.input("clicks")
            .apply("by user", Rows.texts("user", "page"))
            .apply(
                "visits", Window.into(Sessions.withGapDuration(Duration.standardSeconds(30))))
            .apply("clicks", Count.perKey());
    run.output(
        "sessions",
        lengths
            .apply(
                "by length",
                MapElements.into(
                        TypeDescriptors.kvs(TypeDescriptors.strings(), TypeDescriptors.longs()))
                    .via(e -> KV.of(e.getValue() > 2 ? "long" : "short", e.getValue())))
            .apply("count", Count.perKey())
            .apply("say", Rows.say("count")));
    run.output(
        "by_minute",
        lengths
            .apply("minutes", Window.into(FixedWindows.of(MINUTE)))
            .apply("sum", Sum.longsPerKey())
            .apply("say minutes", Rows.say("value")));
  }

  private static void earlyLate(Run run) {
    PCollection<KV<String, Long>> orders =
        run.input("orders").apply("by city", Rows.numbers("city", "cents"));
    AfterWatermark.AfterWatermarkEarlyAndLate trigger =
        AfterWatermark.pastEndOfWindow()
            .withEarlyFirings(
                AfterProcessingTime.pastFirstElementInPane()
                    .plusDelayOf(Duration.standardSeconds(10)))
            .withLateFirings(AfterPane.elementCountAtLeast(1));
    Window<KV<String, Long>> minutes =
        Window.<KV<String, Long>>into(FixedWindows.of(MINUTE))
            .triggering(trigger)
            .withAllowedLateness(Duration.standardMinutes(2));
    run.output(
        "so_far",
        orders
            .apply("minutes", minutes.accumulatingFiredPanes())
            .apply("sum", Sum.longsPerKey())
            .apply("say", Rows.say("value")));
    run.output(
        "new",
        orders
            .apply("minutes, new orders", minutes.discardingFiredPanes())
            .apply("sum of new", Sum.longsPerKey())
            .apply("say new", Rows.say("value")));
  }

  private static void leaderboard(Run run) {
    PCollection<KV<String, Long>> points =
        run.input("points").apply("by team", Rows.numbers("team", "points"));
    run.output(
        "teams",
        points
            .apply(
                "five minutes",
                Window.<KV<String, Long>>into(FixedWindows.of(Duration.standardMinutes(5)))
                    .triggering(
                        AfterWatermark.pastEndOfWindow()
                            .withEarlyFirings(AfterPane.elementCountAtLeast(3))
                            .withLateFirings(
                                AfterProcessingTime.pastFirstElementInPane()
                                    .plusDelayOf(Duration.standardSeconds(20))))
                    .withAllowedLateness(Duration.standardMinutes(2))
                    .accumulatingFiredPanes())
            .apply("points", Sum.longsPerKey())
            .apply("say teams", Rows.say("value")));
    run.output(
        "total",
        points
            .apply(
                "now and then",
                Window.<KV<String, Long>>into(new GlobalWindows())
                    .triggering(
                        Repeatedly.forever(
                            AfterProcessingTime.pastFirstElementInPane()
                                .plusDelayOf(Duration.standardSeconds(15))))
                    .withAllowedLateness(Duration.ZERO)
                    .accumulatingFiredPanes())
            .apply("all points", Sum.longsPerKey())
            .apply("say total", Rows.say("value")));
  }
}
