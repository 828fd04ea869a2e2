// SPDX-License-Identifier: Apache-2.0
package oracle.pipes;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.FlatMapElements;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.Top;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.joda.time.Duration;

/** Counting the words of a text. */
final class Words {
  private Words() {}

  static void register(Map<String, Consumer<Run>> pipes) {
    pipes.put("word_count", Words::wordCount);
    pipes.put("words_by_minute", Words::wordsByMinute);
  }

  private static List<String> split(String line) {
    return Arrays.stream(line.split("[\\s\\p{Punct}&&[^']]+"))
        .filter(word -> !word.isEmpty())
        .map(word -> word.toLowerCase(Locale.ROOT))
        .collect(Collectors.toList());
  }

  private static PCollection<String> words(Run run) {
    return run.input("lines")
        .apply("text", Rows.text("text"))
        .apply("split", FlatMapElements.into(TypeDescriptors.strings()).via(Words::split));
  }

  /** The larger count, then the later word. */
  static final class ByCount implements Comparator<KV<String, Long>>, java.io.Serializable {
    @Override
    public int compare(KV<String, Long> a, KV<String, Long> b) {
      int order = Long.compare(a.getValue(), b.getValue());
      return order != 0 ? order : b.getKey().compareTo(a.getKey());
    }
  }

  private static void wordCount(Run run) {
    PCollection<KV<String, Long>> counts = words(run).apply("count", Count.perElement());
    run.output("counts", counts.apply("say counts", Rows.say("count")));
    run.output(
        "top",
        counts
            .apply("ten", Top.of(10, new ByCount()))
            .apply("each", Flatten.iterables())
            .apply(
                "say top",
                Rows.tell(e -> Rows.object("word", e.getKey(), "count", e.getValue()))));
  }

  private static void wordsByMinute(Run run) {
    PCollection<KV<String, Long>> counts =
        words(run)
            .apply(
                "minutes",
                Window.<String>into(FixedWindows.of(Duration.standardMinutes(1)))
                    .withAllowedLateness(Duration.standardSeconds(30))
                    .discardingFiredPanes())
            .apply("count", Count.perElement());
    run.output("counts", counts.apply("say counts", Rows.say("count")));
  }
}
