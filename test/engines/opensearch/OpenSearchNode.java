import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;

/**
 * One OpenSearch node on 127.0.0.1, made of the jars on Maven Central: the distribution isn't there.
 * Arguments: HTTP port, folder, then settings as key=value. SIGTERM closes it in order.
 */
public final class OpenSearchNode extends Node {
  /** Modules of the distribution that Fleetgrid's queries and scripts need. */
  private static final List<Class<? extends Plugin>> MODULES =
      List.of(
          org.opensearch.transport.Netty4Plugin.class,
          org.opensearch.geo.GeoModulePlugin.class,
          org.opensearch.painless.PainlessPlugin.class,
          org.opensearch.index.mapper.MapperExtrasPlugin.class,
          org.opensearch.index.reindex.ReindexPlugin.class,
          org.opensearch.analysis.common.CommonAnalysisPlugin.class,
          org.opensearch.ingest.common.IngestCommonPlugin.class);

  private OpenSearchNode(Settings settings) {
    super(
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "local"),
        MODULES,
        true);
  }

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[1]).toAbsolutePath();
    Files.createDirectories(home.resolve("config"));
    Settings.Builder settings =
        Settings.builder()
            .put("path.home", home.toString())
            .put("cluster.name", "fleetgrid-local")
            .put("node.name", "local")
            .put("network.host", "127.0.0.1")
            .put("http.port", arguments[0])
            .put("transport.port", "0")
            .put("discovery.type", "single-node")
            // A full disk elsewhere on the machine must not make indices read-only.
            .put("cluster.routing.allocation.disk.threshold_enabled", false);
    for (int i = 2; i < arguments.length; i++) {
      String[] pair = arguments[i].split("=", 2);
      settings.put(pair[0], pair[1]);
    }
    OpenSearchNode node = new OpenSearchNode(settings.build());
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    node.close();
                  } catch (Exception error) {
                    error.printStackTrace();
                  }
                }));
    node.start();
    Thread.currentThread().join();
  }
}
