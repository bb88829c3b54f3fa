package forebay.compat;

import java.security.Provider;
import java.security.Security;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.sasl.SaslClient;
import javax.security.sasl.SaslClientFactory;
import javax.security.sasl.SaslException;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.kafka.common.security.scram.internals.ScramSaslClient;

/** How clients show who they are: COMPAT_USER, COMPAT_PASSWORD and COMPAT_MECHANISM. */
final class Login {
  private static final String JAAS =
      "org.apache.fluss.security.auth.sasl.plain.PlainLoginModule required username=\"%s\" password=\"%s\";";

  private Login() {}

  /** Kafka's SCRAM. It asks for name and password late, when Fluss's client no longer knows them: they are asked for at once. */
  public static final class ScramFactory implements SaslClientFactory {
    private final SaslClientFactory kafkas = new ScramSaslClient.ScramSaslClientFactory();

    @Override
    public SaslClient createSaslClient(
        String[] mechanisms,
        String authorizationId,
        String protocol,
        String server,
        Map<String, ?> properties,
        CallbackHandler handler)
        throws SaslException {
      NameCallback name = new NameCallback("name");
      PasswordCallback password = new PasswordCallback("password", false);
      try {
        handler.handle(new Callback[] {name, password});
      } catch (Exception failed) {
        throw new SaslException("no name and password", failed);
      }
      return kafkas.createSaslClient(
          mechanisms,
          authorizationId,
          protocol,
          server,
          properties,
          callbacks -> {
            for (Callback callback : callbacks) {
              if (callback instanceof NameCallback) {
                ((NameCallback) callback).setName(name.getName());
              } else if (callback instanceof PasswordCallback) {
                ((PasswordCallback) callback).setPassword(password.getPassword());
              } else {
                throw new UnsupportedCallbackException(callback);
              }
            }
          });
    }

    @Override
    public String[] getMechanismNames(Map<String, ?> properties) {
      return kafkas.getMechanismNames(properties);
    }
  }

  private static final class ScramProvider extends Provider {
    ScramProvider() {
      super("Forebay's test", "1", "SCRAM");
      for (String mechanism : new String[] {"SCRAM-SHA-256", "SCRAM-SHA-512"}) {
        put("SaslClientFactory." + mechanism, ScramFactory.class.getName());
      }
    }
  }

  static void configure(Configuration configuration) {
    String user = System.getenv("COMPAT_USER");
    if (user != null) {
      configure(configuration, user, System.getenv("COMPAT_PASSWORD"));
    }
  }

  static void configure(Configuration configuration, String user, String password) {
    String mechanism = System.getenv().getOrDefault("COMPAT_MECHANISM", "PLAIN");
    configuration.setString("client.security.protocol", "SASL");
    configuration.setString("client.security.sasl.mechanism", mechanism);
    if (mechanism.equals("PLAIN")) {
      configuration.setString("client.security.sasl.username", user);
      configuration.setString("client.security.sasl.password", password);
      return;
    }
    // Fluss's client takes any mechanism that the JDK knows, and Kafka's client brings SCRAM.
    Security.addProvider(new ScramProvider());
    configuration.setString("client.security.sasl.jaas.config", String.format(JAAS, user, password));
  }

  /** A wrong password is refused. */
  static void refused(String bootstrap) throws Exception {
    String user = System.getenv("COMPAT_USER");
    if (user == null) {
      return;
    }
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", bootstrap);
    configure(configuration, user, "wrong");
    try (Connection connection = ConnectionFactory.createConnection(configuration)) {
      connection.getAdmin().listDatabases().get();
    } catch (Exception expected) {
      return;
    }
    throw new AssertionError("a wrong password was let in");
  }
}
