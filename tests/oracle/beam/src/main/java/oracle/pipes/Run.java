// SPDX-License-Identifier: Apache-2.0
package oracle.pipes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import oracle.Panes;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Filter;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Values;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.PaneInfo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TimestampedValue;
import org.joda.time.Duration;
import org.joda.time.Instant;

/** One run of a pipeline: where its inputs come from, and where its outputs are written down. */
final class Run {
  private static final Map<String, List<ObjectNode>> NOTES = new ConcurrentHashMap<>();

  final Pipeline pipeline;
  private final JsonNode run;
  private final List<String> outputs = new ArrayList<>();
  private PCollection<KV<String, String>> script;

  Run(Pipeline pipeline, JsonNode run) {
    this.pipeline = pipeline;
    this.run = run;
  }

  /** An input, elements as JSON: from the script that all inputs share, or bounded. */
  PCollection<String> input(String name) {
    if (run.has("script")) {
      if (script == null) script = pipeline.apply("script", scriptOf(run.get("script")));
      return script
          .apply("of " + name, Filter.by((KV<String, String> e) -> e.getKey().equals(name)))
          .apply(name, Values.create());
    }
    List<TimestampedValue<String>> rows = new ArrayList<>();
    for (JsonNode row : run.get("rows").get(name)) {
      Instant at =
          row.get(0).isNull()
              ? BoundedWindow.TIMESTAMP_MIN_VALUE
              : new Instant(row.get(0).asLong());
      rows.add(TimestampedValue.of(row.get(1).asText(), at));
    }
    return pipeline.apply(name, Create.timestamped(rows).withCoder(StringUtf8Coder.of()));
  }

  private static TestStream<KV<String, String>> scriptOf(JsonNode script) {
    TestStream.Builder<KV<String, String>> stream =
        TestStream.create(KvCoder.of(StringUtf8Coder.of(), StringUtf8Coder.of()));
    for (JsonNode step : script) {
      switch (step.get(0).asText()) {
        case "add":
          stream =
              stream.addElements(
                  TimestampedValue.of(
                      KV.of(step.get(1).asText(), step.get(3).asText()),
                      new Instant(step.get(2).asLong())));
          break;
        case "watermark":
          stream = stream.advanceWatermarkTo(new Instant(step.get(1).asLong()));
          break;
        default:
          stream = stream.advanceProcessingTime(Duration.millis(step.get(1).asLong()));
      }
    }
    return stream.advanceWatermarkToInfinity();
  }

  /** Writes down each element of a collection with window, pane and time. */
  void output(String name, PCollection<String> rows) {
    String at = run.get("pipe").asText() + "/" + run.get("run").asInt() + "/" + name;
    NOTES.put(at, Collections.synchronizedList(new ArrayList<>()));
    outputs.add(name);
    rows.apply("note " + name, ParDo.of(new Note(at)));
  }

  /** What came out, sorted, once the pipeline has ended. */
  ObjectNode results() {
    ObjectNode results = Panes.object();
    for (String name : outputs) {
      String at = run.get("pipe").asText() + "/" + run.get("run").asInt() + "/" + name;
      Map<String, List<ObjectNode>> sorted = new TreeMap<>();
      for (ObjectNode row : NOTES.remove(at))
        sorted.computeIfAbsent(row.toString(), text -> new ArrayList<>()).add(row);
      sorted.values().forEach(results.withArray("/" + name)::addAll);
      results.withArray("/" + name);
    }
    return results;
  }

  static final class Note extends DoFn<String, Void> {
    private final String at;

    Note(String at) {
      this.at = at;
    }

    @ProcessElement
    public void process(ProcessContext c, BoundedWindow window, PaneInfo pane) {
      ObjectNode row = Panes.object().put("row", c.element());
      NOTES.get(at).add(Panes.describe(row, window, pane, c.timestamp()));
    }
  }
}
