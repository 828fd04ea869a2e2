// SPDX-License-Identifier: Apache-2.0
package peer.beam;

import java.util.Map;
import java.util.function.Function;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.io.Read;
import org.apache.beam.sdk.nexmark.NexmarkConfiguration;
import org.apache.beam.sdk.nexmark.NexmarkUtils;
import org.apache.beam.sdk.nexmark.model.KnownSize;
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
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.ParDo;
import peer.Peer;

/** Beam's own Nexmark queries on one of its runners: `direct` or `flink`. */
public final class Main {
  private static final Map<String, Function<NexmarkConfiguration, NexmarkQueryTransform<?>>>
      QUERIES =
          Map.ofEntries(
              Map.entry("nexmark_q0", c -> new Query0()),
              Map.entry("nexmark_q1", Query1::new),
              Map.entry("nexmark_q2", Query2::new),
              Map.entry("nexmark_q3", Query3::new),
              Map.entry("nexmark_q4", Query4::new),
              Map.entry("nexmark_q5", Query5::new),
              Map.entry("nexmark_q6", Query6::new),
              Map.entry("nexmark_q7", Query7::new),
              Map.entry("nexmark_q8", Query8::new),
              Map.entry("nexmark_q9", Query9::new),
              Map.entry("nexmark_q11", Query11::new),
              Map.entry("nexmark_q12", Query12::new));

  private Main() {}

  private static PipelineOptions direct(int threads) {
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setTargetParallelism(threads);
    options.setEnforceImmutability(false);
    options.setEnforceEncodability(false);
    return options;
  }

  /** q6 gives a mean after each sale: as a batch Flink's runner would give the last ones only. */
  private static PipelineOptions flink(int threads, String work) {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setParallelism(threads);
    options.setObjectReuse(true);
    options.setFasterCopy(true);
    options.setStreaming(work.equals("nexmark_q6"));
    return options;
  }

  private static <T extends KnownSize> void run(
      PipelineOptions options,
      NexmarkConfiguration configuration,
      NexmarkQueryTransform<T> query,
      int threads) {
    Pipeline pipeline = Pipeline.create(options);
    NexmarkUtils.setupPipeline(configuration.coderStrategy, pipeline);
    pipeline
        .apply("Events", Read.from(Replay.all(threads)))
        .apply(query)
        .apply("Sums", ParDo.of(new Sums<>(query instanceof Query12)));
    pipeline.run().waitUntilFinish();
  }

  private static Peer.Job prepare(boolean direct, String work, int count, int threads) {
    if (!QUERIES.containsKey(work)) {
      return null;
    }
    NexmarkConfiguration configuration = NexmarkConfiguration.DEFAULT.copy();
    configuration.numEvents = count;
    Replay.draw(configuration);
    return () ->
        run(
            direct ? direct(threads) : flink(threads, work),
            configuration,
            QUERIES.get(work).apply(configuration),
            threads);
  }

  public static void main(String[] args) throws Exception {
    boolean direct = args[0].equals("direct");
    Peer.serve((work, count, threads) -> prepare(direct, work, count, threads));
  }
}
