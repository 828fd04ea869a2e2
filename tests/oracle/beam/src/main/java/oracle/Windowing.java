// SPDX-License-Identifier: Apache-2.0
package oracle;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.beam.sdk.transforms.windowing.CalendarWindows;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.GlobalWindows;
import org.apache.beam.sdk.transforms.windowing.Sessions;
import org.apache.beam.sdk.transforms.windowing.SlidingWindows;
import org.apache.beam.sdk.transforms.windowing.TimestampCombiner;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.transforms.windowing.Window.ClosingBehavior;
import org.apache.beam.sdk.transforms.windowing.Window.OnTimeBehavior;
import org.apache.beam.sdk.values.KV;
import org.joda.time.DateTimeZone;
import org.joda.time.Duration;

/** Windowings of cases, as Beam's own. */
final class Windowing {
  private Windowing() {}

  private static Duration ms(JsonNode n, String name) {
    return Duration.millis(n.has(name) ? n.get(name).asLong() : 0);
  }

  private static Window<KV<String, Long>> windows(JsonNode w) {
    switch (w.get("kind").asText()) {
      case "fixed":
        return Window.into(FixedWindows.of(ms(w, "size")).withOffset(ms(w, "offset")));
      case "sliding":
        return Window.into(
            SlidingWindows.of(ms(w, "size")).every(ms(w, "every")).withOffset(ms(w, "offset")));
      case "session":
        return Window.into(Sessions.withGapDuration(ms(w, "size")));
      case "days":
        return Window.into(
            CalendarWindows.days(w.get("count").asInt())
                .withTimeZone(DateTimeZone.forID(w.get("zone").asText())));
      default:
        return Window.into(new GlobalWindows());
    }
  }

  static Window<KV<String, Long>> of(JsonNode c) {
    Window<KV<String, Long>> window = windows(c.get("windows"));
    if (c.has("trigger")) window = window.triggering(Triggers.of(c.get("trigger")));
    if (c.has("mode"))
      window =
          c.get("mode").asText().equals("accumulating")
              ? window.accumulatingFiredPanes()
              : window.discardingFiredPanes();
    if (c.has("lateness")) {
      ClosingBehavior closing =
          c.path("closing").asText().equals("always")
              ? ClosingBehavior.FIRE_ALWAYS
              : ClosingBehavior.FIRE_IF_NON_EMPTY;
      window = window.withAllowedLateness(ms(c, "lateness"), closing);
    }
    if (c.has("on_time"))
      window =
          window.withOnTimeBehavior(
              c.get("on_time").asText().equals("always")
                  ? OnTimeBehavior.FIRE_ALWAYS
                  : OnTimeBehavior.FIRE_IF_NON_EMPTY);
    if (c.has("output_time"))
      window =
          window.withTimestampCombiner(
              TimestampCombiner.valueOf(c.get("output_time").asText().toUpperCase()));
    return window;
  }
}
