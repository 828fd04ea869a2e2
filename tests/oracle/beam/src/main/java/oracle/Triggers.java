// SPDX-License-Identifier: Apache-2.0
package oracle;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.transforms.windowing.AfterAll;
import org.apache.beam.sdk.transforms.windowing.AfterEach;
import org.apache.beam.sdk.transforms.windowing.AfterFirst;
import org.apache.beam.sdk.transforms.windowing.AfterPane;
import org.apache.beam.sdk.transforms.windowing.AfterProcessingTime;
import org.apache.beam.sdk.transforms.windowing.AfterWatermark;
import org.apache.beam.sdk.transforms.windowing.DefaultTrigger;
import org.apache.beam.sdk.transforms.windowing.Never;
import org.apache.beam.sdk.transforms.windowing.Repeatedly;
import org.apache.beam.sdk.transforms.windowing.Trigger;
import org.apache.beam.sdk.transforms.windowing.Trigger.OnceTrigger;
import org.joda.time.Duration;

/** Triggers of cases, as Beam's own. */
final class Triggers {
  private Triggers() {}

  static Trigger of(JsonNode t) {
    switch (t.get("t").asText()) {
      case "default":
        return DefaultTrigger.of();
      case "never":
        return Never.ever();
      case "repeat":
        return Repeatedly.forever(of(t.get("of")));
      case "each":
        return AfterEach.inOrder(list(t.get("of")));
      case "or_finally":
        return of(t.get("main")).orFinally(once(t.get("until")));
      case "early_late":
        return earlyLate(t);
      default:
        return once(t);
    }
  }

  private static List<Trigger> list(JsonNode of) {
    List<Trigger> list = new ArrayList<>();
    of.forEach(t -> list.add(of(t)));
    return list;
  }

  private static OnceTrigger once(JsonNode t) {
    switch (t.get("t").asText()) {
      case "end":
        return AfterWatermark.pastEndOfWindow();
      case "count":
        return AfterPane.elementCountAtLeast(t.get("n").asInt());
      case "time":
        return time(t);
      case "all":
        return AfterAll.of(onces(t.get("of")));
      case "any":
        return AfterFirst.of(onces(t.get("of")));
      default:
        throw new IllegalArgumentException("not a once-trigger: " + t);
    }
  }

  private static List<Trigger> onces(JsonNode of) {
    List<Trigger> list = new ArrayList<>();
    of.forEach(t -> list.add(once(t)));
    return list;
  }

  private static OnceTrigger time(JsonNode t) {
    AfterProcessingTime trigger = AfterProcessingTime.pastFirstElementInPane();
    if (t.has("delay")) trigger = trigger.plusDelayOf(Duration.millis(t.get("delay").asLong()));
    if (t.has("align")) trigger = trigger.alignedTo(Duration.millis(t.get("align").asLong()));
    return trigger;
  }

  private static Trigger earlyLate(JsonNode t) {
    AfterWatermark.FromEndOfWindow end = AfterWatermark.pastEndOfWindow();
    if (t.has("early") && t.has("late"))
      return end.withEarlyFirings(once(t.get("early"))).withLateFirings(once(t.get("late")));
    if (t.has("early")) return end.withEarlyFirings(once(t.get("early")));
    return end.withLateFirings(once(t.get("late")));
  }
}
