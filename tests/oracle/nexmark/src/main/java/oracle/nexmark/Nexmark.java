// SPDX-License-Identifier: Apache-2.0
package oracle.nexmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.nexmark.NexmarkConfiguration;
import org.apache.beam.sdk.nexmark.NexmarkUtils;
import org.apache.beam.sdk.nexmark.model.KnownSize;
import org.apache.beam.sdk.nexmark.queries.BoundedSideInputJoin;
import org.apache.beam.sdk.nexmark.queries.NexmarkQueryTransform;
import org.apache.beam.sdk.nexmark.queries.Query0;
import org.apache.beam.sdk.nexmark.queries.Query1;
import org.apache.beam.sdk.nexmark.queries.Query11;
import org.apache.beam.sdk.nexmark.queries.Query12;
import org.apache.beam.sdk.nexmark.queries.Query2;
import org.apache.beam.sdk.nexmark.queries.Query3;
import org.apache.beam.sdk.nexmark.queries.Query4;
import org.apache.beam.sdk.nexmark.queries.Query5;
import org.apache.beam.sdk.nexmark.queries.Query6;
import org.apache.beam.sdk.nexmark.queries.Query7;
import org.apache.beam.sdk.nexmark.queries.Query8;
import org.apache.beam.sdk.nexmark.queries.Query9;
import org.apache.beam.sdk.nexmark.queries.SessionSideInputJoin;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;

/**
 * Runs the queries of Beam's Nexmark suite on the DirectRunner, each over the same bounded input, and
 * writes what comes out to FOLDER/NAME.tsv: a line a result, its event time in milliseconds, a tab,
 * and itself as JSON, sorted.
 */
public final class Nexmark {
  private static final Queue<String> LINES = new ConcurrentLinkedQueue<>();

  private Nexmark() {}

  /** Writes down each result. */
  @SuppressWarnings("serial")
  static final class Note<T extends KnownSize> extends DoFn<T, Void> {
    @ProcessElement
    public void process(ProcessContext c) {
      LINES.add(c.timestamp().getMillis() + "\t" + c.element());
    }
  }

  private static Map<String, Function<NexmarkConfiguration, NexmarkQueryTransform<?>>> queries() {
    Map<String, Function<NexmarkConfiguration, NexmarkQueryTransform<?>>> all =
        new LinkedHashMap<>();
    all.put("q0", c -> new Query0());
    all.put("q1", Query1::new);
    all.put("q2", Query2::new);
    all.put("q3", Query3::new);
    all.put("q4", Query4::new);
    all.put("q5", Query5::new);
    all.put("q6", Query6::new);
    all.put("q7", Query7::new);
    all.put("q8", Query8::new);
    all.put("q9", Query9::new);
    all.put("q11", Query11::new);
    all.put("q12", Query12::new);
    all.put("q13", BoundedSideInputJoin::new);
    all.put("q14", SessionSideInputJoin::new);
    return all;
  }

  private static <T extends KnownSize> List<String> run(
      NexmarkConfiguration configuration, NexmarkQueryTransform<T> query) {
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setTargetParallelism(2);
    Pipeline pipeline = Pipeline.create(options);
    NexmarkUtils.setupPipeline(configuration.coderStrategy, pipeline);
    if (query.needsSideInput()) {
      query.setSideInput(NexmarkUtils.prepareSideInput(pipeline, configuration));
    }
    PCollection<T> results =
        pipeline.apply(NexmarkUtils.batchEventsSource(configuration)).apply(query);
    results.apply("Note", ParDo.of(new Note<>()));
    LINES.clear();
    pipeline.run().waitUntilFinish();
    List<String> lines = new ArrayList<>(LINES);
    lines.sort(null); // all of it is ASCII
    return lines;
  }

  public static void main(String[] args) throws IOException {
    NexmarkConfiguration configuration = NexmarkConfiguration.DEFAULT.copy();
    configuration.numEvents = Long.parseLong(args[1]);
    for (var query : queries().entrySet()) {
      List<String> lines = run(configuration, query.getValue().apply(configuration));
      Files.write(Path.of(args[0], query.getKey() + ".tsv"), lines);
      System.err.println(query.getKey() + ": " + lines.size());
    }
  }
}
