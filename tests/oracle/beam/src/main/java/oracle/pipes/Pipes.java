// SPDX-License-Identifier: Apache-2.0
package oracle.pipes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import oracle.Panes;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * Runs whole pipelines (a line of JSON each on standard input: which, and its input) on Beam's
 * DirectRunner and prints for each a line with the elements of its outputs.
 */
public final class Pipes {
  private static final Map<String, Consumer<Run>> PIPES = new HashMap<>();

  static {
    Words.register(PIPES);
    Windows.register(PIPES);
    Groups.register(PIPES);
    Sides.register(PIPES);
    State.register(PIPES);
    Timers.register(PIPES);
    Expiry.register(PIPES);
    Library.register(PIPES);
  }

  private Pipes() {}

  private static ObjectNode run(JsonNode line) {
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setTargetParallelism(1);
    Pipeline pipeline = Pipeline.create(options);
    Run run = new Run(pipeline, line);
    String name = line.get("pipe").asText();
    if (!PIPES.containsKey(name)) throw new IllegalArgumentException("no pipeline " + name);
    PIPES.get(name).accept(run);
    try {
      pipeline.run().waitUntilFinish();
    } catch (RuntimeException e) {
      throw new IllegalStateException(name + ", run " + line.get("run").asInt(), e);
    }
    ObjectNode result = Panes.object().put("pipe", name).put("run", line.get("run").asInt());
    result.set("outputs", run.results());
    return result;
  }

  public static void main(String[] args) throws Exception {
    ObjectMapper json = new ObjectMapper();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    ExecutorService pool = Executors.newFixedThreadPool(Integer.parseInt(args[0]));
    List<Future<ObjectNode>> results = new ArrayList<>();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode request = json.readTree(line);
      results.add(pool.submit(() -> run(request)));
    }
    int failed = 0;
    for (Future<ObjectNode> result : results) {
      try {
        out.println(json.writeValueAsString(result.get()));
        out.flush();
      } catch (ExecutionException e) {
        e.printStackTrace();
        failed++;
      }
    }
    System.exit(failed == 0 ? 0 : 1);
  }
}
