// SPDX-License-Identifier: Apache-2.0
package peer.jet;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.function.FunctionEx;
import com.hazelcast.jet.aggregate.AggregateOperations;
import com.hazelcast.jet.core.AbstractProcessor;
import com.hazelcast.jet.core.ProcessorMetaSupplier;
import com.hazelcast.jet.datamodel.KeyedWindowResult;
import com.hazelcast.jet.pipeline.BatchStage;
import com.hazelcast.jet.pipeline.Pipeline;
import com.hazelcast.jet.pipeline.Sinks;
import com.hazelcast.jet.pipeline.Sources;
import com.hazelcast.jet.pipeline.WindowDefinition;
import peer.Event;
import peer.Peer;
import peer.Tally;

/** The work of bench/peers on Hazelcast Jet, in a member within the process. */
public final class Main {
  private Main() {}

  /** Adds up what it gets. */
  abstract static class Adding extends AbstractProcessor {
    protected long sum;
    protected long results;

    @Override
    public boolean complete() {
      Tally.end(sum, results);
      return true;
    }
  }

  static final class Results extends Adding {
    @Override
    protected boolean tryProcess0(Object item) {
      @SuppressWarnings("unchecked")
      KeyedWindowResult<Long, Long> counted = (KeyedWindowResult<Long, Long>) item;
      sum += Tally.mix(counted.key(), counted.start() * 1000, counted.result());
      results++;
      return true;
    }
  }

  static final class Sum extends Adding {
    @Override
    protected void init(Context context) {
      results = context.globalProcessorIndex() == 0 ? 1 : 0;
    }

    @Override
    protected boolean tryProcess0(Object item) {
      sum += (Long) item;
      return true;
    }
  }

  private static void stateless(BatchStage<Event> wanted) {
    wanted
        .map(event -> Event.convert(event.price))
        .filter(Event::isDear)
        .writeTo(Sinks.fromProcessor("sum", ProcessorMetaSupplier.of(Sum::new)));
  }

  private static void keyed(BatchStage<Event> wanted, FunctionEx<Event, Long> key) {
    wanted
        .addTimestamps(event -> event.atUs / 1000, 0)
        .groupingKey(key)
        .window(WindowDefinition.tumbling(Event.MINUTE_US / 1000))
        .aggregate(AggregateOperations.counting())
        .writeTo(Sinks.fromProcessor("results", ProcessorMetaSupplier.of(Results::new)));
  }

  private static Pipeline pipeline(String work) {
    Pipeline pipeline = Pipeline.create();
    pipeline.setPreserveOrder(true); // else rows of both sources mix, and some come late
    ProcessorMetaSupplier rows = ProcessorMetaSupplier.of(Replay::new);
    BatchStage<Event> wanted =
        pipeline.readFrom(Sources.<Event>batchFromProcessor("rows", rows)).filter(Event::isWanted);
    switch (work) {
      case "stateless" -> stateless(wanted);
      case "keyed_1k" -> keyed(wanted, event -> event.product);
      default -> keyed(wanted, event -> event.user);
    }
    return pipeline;
  }

  /** A member that nobody finds, on the loopback. */
  private static HazelcastInstance member(int threads) {
    Config config = new Config();
    config.setProperty("hazelcast.logging.type", "none");
    config.setProperty("hazelcast.phone.home.enabled", "false");
    config.setProperty("hazelcast.socket.bind.any", "false");
    config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    config.getNetworkConfig().getJoin().getAutoDetectionConfig().setEnabled(false);
    config.getJetConfig().setEnabled(true).setCooperativeThreadCount(threads);
    return Hazelcast.newHazelcastInstance(config);
  }

  private static Peer.Job prepare(String work, int count, int threads) {
    if (!work.matches("stateless|keyed_1[km]")) {
      return null;
    }
    HazelcastInstance member = member(threads);
    return () -> member.getJet().newJob(pipeline(work)).join();
  }

  public static void main(String[] args) throws Exception {
    Peer.serve(Main::prepare);
  }
}
