// SPDX-License-Identifier: Apache-2.0
package oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.PaneInfo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TimestampedValue;
import org.joda.time.Duration;
import org.joda.time.Instant;

/**
 * Runs cases (a line of JSON each, on standard input) on Beam's DirectRunner and prints for each a
 * line with the panes that came out, or that Beam refused to build it.
 */
public final class Oracle {
  private static final ObjectMapper JSON = new ObjectMapper();
  static final Map<String, List<ObjectNode>> PANES = new ConcurrentHashMap<>();

  private Oracle() {}

  /** Writes down each pane of a grouping, the value as text. */
  static final class Note<T> extends DoFn<KV<String, T>, Void> {
    private final String at;

    Note(String at) {
      this.at = at;
    }

    @ProcessElement
    public void process(ProcessContext c, BoundedWindow window, PaneInfo pane) {
      ObjectNode row = Panes.object();
      row.put("key", c.element().getKey());
      Panes.describe(row, window, pane, c.timestamp());
      T value = c.element().getValue();
      if (value instanceof Iterable) {
        List<Long> list = new ArrayList<>();
        ((Iterable<?>) value).forEach(v -> list.add((Long) v));
        Collections.sort(list);
        ArrayNode values = row.putArray("values");
        list.forEach(values::add);
      } else {
        row.put("value", (Long) value);
      }
      PANES.get(at).add(row);
    }
  }

  private static TestStream<KV<String, Long>> script(JsonNode script) {
    TestStream.Builder<KV<String, Long>> stream =
        TestStream.create(KvCoder.of(StringUtf8Coder.of(), VarLongCoder.of()));
    for (JsonNode step : script) {
      switch (step.get(0).asText()) {
        case "add":
          stream =
              stream.addElements(
                  TimestampedValue.of(
                      KV.of(step.get(1).asText(), step.get(2).asLong()),
                      new Instant(step.get(3).asLong())));
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

  private static void build(Pipeline p, JsonNode c, String id) {
    PCollection<KV<String, Long>> in =
        p.apply("script", script(c.get("script"))).apply("windows", Windowing.of(c));
    PANES.put(id, Collections.synchronizedList(new ArrayList<>()));
    if (c.get("step").asText().equals("group")) {
      in.apply("group", GroupByKey.create()).apply("note", ParDo.of(new Note<>(id)));
      return;
    }
    PCollection<KV<String, Long>> sums = in.apply("sum", Sum.longsPerKey());
    if (c.get("step").asText().equals("chain")) sums = sums.apply("again", Sum.longsPerKey());
    sums.apply("note", ParDo.of(new Note<>(id)));
  }

  private static ObjectNode run(JsonNode c) {
    String id = c.get("id").asText();
    ObjectNode result = JSON.createObjectNode();
    result.put("id", c.get("id").asLong());
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setTargetParallelism(1);
    options.setEnforceEncodability(false);
    options.setEnforceImmutability(false);
    Pipeline p = Pipeline.create(options);
    try {
      build(p, c, id);
    } catch (IllegalArgumentException | IllegalStateException e) {
      String text = String.valueOf(e.getMessage());
      result.put("refused", text.length() > 160 ? text.substring(0, 160) : text);
      return result;
    }
    p.run().waitUntilFinish();
    List<ObjectNode> panes = PANES.remove(id);
    panes.sort(
        Comparator.comparing((ObjectNode n) -> n.get("key").asText())
            .thenComparing(n -> n.has("start") ? n.get("start").asLong() : 0)
            .thenComparing(n -> n.has("end") ? n.get("end").asLong() : 0)
            .thenComparing(n -> n.get("index").asLong()));
    result.putArray("panes").addAll(panes);
    return result;
  }

  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    int threads = args.length > 0 ? Integer.parseInt(args[0]) : 4;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<Future<ObjectNode>> results = new ArrayList<>();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode c = JSON.readTree(line);
      results.add(pool.submit(() -> run(c)));
    }
    for (Future<ObjectNode> result : results) {
      out.println(JSON.writeValueAsString(result.get()));
      out.flush();
    }
    pool.shutdown();
  }
}
