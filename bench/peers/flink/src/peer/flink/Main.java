// SPDX-License-Identifier: Apache-2.0
package peer.flink;

import java.time.Duration;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.legacy.RichSinkFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import peer.Event;
import peer.Peer;
import peer.Tally;

/** The work of bench/peers on Flink's DataStream, in a cluster within the process. */
@SuppressWarnings("serial")
public final class Main {
  private Main() {}

  /** A count that is added to where it lies. */
  public static final class Count {
    public long value;
  }

  /** A result. */
  public static final class Counted {
    public long key;
    public long startUs;
    public long count;
  }

  static final class Counting implements AggregateFunction<Long, Count, Count> {
    @Override
    public Count createAccumulator() {
      return new Count();
    }

    @Override
    public Count add(Long key, Count count) {
      count.value++;
      return count;
    }

    @Override
    public Count getResult(Count count) {
      return count;
    }

    @Override
    public Count merge(Count a, Count b) {
      a.value += b.value;
      return a;
    }
  }

  static final class Naming extends ProcessWindowFunction<Count, Counted, Long, TimeWindow> {
    private transient Counted counted;

    @Override
    public void open(OpenContext context) {
      counted = new Counted();
    }

    @Override
    public void process(
        Long key, Context context, Iterable<Count> counts, Collector<Counted> results) {
      counted.key = key;
      counted.startUs = context.window().getStart() * 1000;
      counted.count = counts.iterator().next().value;
      results.collect(counted);
    }
  }

  static final class Results extends RichSinkFunction<Counted> {
    private transient long sum;
    private transient long results;

    @Override
    public void invoke(Counted counted, Context context) {
      sum += Tally.mix(counted.key, counted.startUs, counted.count);
      results++;
    }

    @Override
    public void finish() {
      Tally.end(sum, results);
    }
  }

  static final class Sum extends RichSinkFunction<Long> {
    private transient long sum;

    @Override
    public void invoke(Long price, Context context) {
      sum += price;
    }

    @Override
    public void finish() {
      Tally.end(sum, getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() == 0 ? 1 : 0);
    }
  }

  private static void stateless(DataStream<Event> events) {
    events
        .filter(Event::isWanted)
        .map(event -> Event.convert(event.price), Types.LONG)
        .filter(Event::isDear)
        .addSink(new Sum());
  }

  private static void keyed(DataStream<Event> events, KeySelector<Event, Long> key) {
    events
        .filter(Event::isWanted)
        .map(key::getKey, Types.LONG)
        .keyBy(one -> one, Types.LONG)
        .window(TumblingEventTimeWindows.of(Duration.ofMinutes(1)))
        .aggregate(new Counting(), new Naming())
        .addSink(new Results());
  }

  private static void run(String work, int threads) throws Exception {
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(threads, new Configuration());
    environment.getConfig().enableObjectReuse();
    environment.setBufferTimeout(-1);
    DataStream<Event> events = environment.addSource(new Replay()).returns(Event.class);
    switch (work) {
      case "stateless" -> stateless(events);
      case "keyed_1k" -> keyed(events, event -> event.product);
      default -> keyed(events, event -> event.user);
    }
    environment.execute(work);
  }

  public static void main(String[] args) throws Exception {
    Peer.serve(
        (work, count, threads) ->
            work.matches("stateless|keyed_1[km]") ? () -> run(work, threads) : null);
  }
}
