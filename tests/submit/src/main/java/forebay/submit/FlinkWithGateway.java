package forebay.submit;

import java.net.URI;
import java.util.Collections;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.table.gateway.SqlGateway;
import org.apache.flink.table.gateway.service.context.DefaultContext;
import org.apache.flink.table.gateway.service.session.SessionManager;

/**
 * A Flink session cluster and its SQL gateway in this process, on the loopback only, until standard
 * input ends. Argument: the gateway's port. Prints a line when it is ready.
 */
public final class FlinkWithGateway {
  private FlinkWithGateway() {}

  private static Configuration configuration() {
    Configuration configuration = new Configuration();
    String[][] options = {
      {"rest.port", "0"},
      {"rest.bind-port", "0"},
      {"rest.address", "127.0.0.1"},
      {"rest.bind-address", "127.0.0.1"},
      {"jobmanager.rpc.address", "127.0.0.1"},
      {"jobmanager.bind-host", "127.0.0.1"},
      {"taskmanager.host", "127.0.0.1"},
      {"taskmanager.bind-host", "127.0.0.1"},
      {"taskmanager.memory.network.min", "32mb"},
      {"taskmanager.memory.network.max", "32mb"},
      {"parallelism.default", "1"},
      {"execution.checkpointing.interval", "300ms"},
      {"restart-strategy.type", "none"},
      {"table.local-time-zone", "UTC"},
    };
    for (String[] option : options) {
      configuration.setString(option[0], option[1]);
    }
    return configuration;
  }

  public static void main(String[] arguments) throws Exception {
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration())
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(8)
                .build());
    cluster.start();
    URI jobs = cluster.getRestAddress().get();
    Configuration gateway = configuration();
    gateway.setString("execution.target", "remote");
    gateway.setString("rest.address", jobs.getHost());
    gateway.setString("rest.port", Integer.toString(jobs.getPort()));
    gateway.setString("sql-gateway.endpoint.rest.address", "127.0.0.1");
    gateway.setString("sql-gateway.endpoint.rest.bind-address", "127.0.0.1");
    gateway.setString("sql-gateway.endpoint.rest.port", arguments[0]);
    gateway.setString("sql-gateway.endpoint.rest.bind-port", arguments[0]);
    DefaultContext context = new DefaultContext(gateway, Collections.emptyList());
    new SqlGateway(gateway, SessionManager.create(context)).start();
    System.out.println("ready");
    System.out.flush();
    while (System.in.read() >= 0) {}
    Runtime.getRuntime().halt(0);
  }
}
