package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.metadata.Change;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.metadata.WatchEvent;
import io.tenon.shell.api.Role;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:store}. */
@Component(service = Noun.class)
public final class StoreCommand extends Noun {
  private static final Duration WITHIN = Duration.ofSeconds(10);

  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY,
      target = "(tenon.metadata=slot)")
  private volatile @Nullable MetadataStore store;

  @Override
  Object verbs(Output output) {
    return new Verbs(store, output);
  }

  @Command(
      name = "tenon:store",
      description =
          "The metadata store: what nexuses and the control plane must not forget. For looking; changing needs --force.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final @Nullable MetadataStore store;
    private final Output output;

    Verbs(@Nullable MetadataStore store, Output output) {
      this.store = store;
      this.output = output;
    }

    private MetadataStore store() throws Refused {
      if (store == null) {
        throw new Refused(
            "This node has no metadata store now. The node's log says why; etc/io.tenon.metadata.cfg says which one it is to use.");
      }
      return store;
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show which store this is, and whether it can be used.",
        footer = {"", "Example: tenon:store status"})
    void status() throws Refused {
      var status = store().status();
      output.show(
          Row.of(
              "kind",
              status.kind(),
              "state",
              status.isAvailable() ? "available" : "unavailable",
              "reason",
              status.problem(),
              "since",
              status.since(),
              "place",
              status.place(),
              "version",
              status.version().value(),
              "watches",
              status.watches(),
              "leases",
              status.leases()));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Show one key.",
        footer = {
          "",
          "Text is shown as it is, anything else in Base64.",
          "Example: tenon:store get /openebs.io/mayastor/apis/v0/clusters/…/PoolSpec/pool-a"
        })
    void get(@Parameters(paramLabel = "KEY", description = "The whole key.") String key)
        throws TenonException, Refused {
      var entry =
          store()
              .get(key(key), WITHIN)
              .orElseThrow(
                  () -> new Refused("There is no key " + key + ". Read tenon:store list."));
      output.show(row(entry));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "List keys, in their order.",
        footer = {"", "Example: tenon:store list /openebs.io/mayastor --json"})
    void list(
        @Parameters(
                paramLabel = "PREFIX",
                arity = "0..1",
                defaultValue = "",
                description = "How the keys begin; all if not given.")
            String prefix)
        throws TenonException, Refused {
      output.table(
          store().list(Prefix.of(prefix), WITHIN).entries().stream()
              .map(
                  entry ->
                      Row.of(
                          "key",
                          entry.key(),
                          "version",
                          entry.version().value(),
                          "bytes",
                          entry.value().length(),
                          "lease",
                          entry.lease().map(LeaseId::toString).orElse("")))
              .toList());
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Tell what is there, and every change for a while.",
        footer = {"", "Example: tenon:store watch /openebs.io/mayastor --seconds 60"})
    void watch(
        @Parameters(
                paramLabel = "PREFIX",
                arity = "0..1",
                defaultValue = "",
                description = "How the keys begin; all if not given.")
            String prefix,
        @Option(
                names = "--seconds",
                paramLabel = "N",
                defaultValue = "10",
                description = "How long; 10 if not given.")
            int seconds)
        throws Refused, InterruptedException {
      var events = new LinkedBlockingQueue<WatchEvent>();
      long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
      try (var _ = store().watch(Prefix.of(prefix), events::add)) {
        while (true) {
          var event = events.poll(endNs - System.nanoTime(), TimeUnit.NANOSECONDS);
          if (event == null) return;
          tell(event);
          if (event instanceof WatchEvent.ReadAgain) return;
        }
      }
    }

    private void tell(WatchEvent event) {
      switch (event) {
        case WatchEvent.Current current -> {
          for (Entry entry : current.listing().entries()) tell("is", entry.version(), entry.key());
          tell("now", current.listing().at(), "-");
        }
        case WatchEvent.Changed changed -> {
          for (Change change : changed.changes()) {
            switch (change) {
              case Change.Written(Entry entry) -> tell("put", changed.at(), entry.key());
              case Change.Deleted(Key key) -> tell("deleted", changed.at(), key);
            }
          }
        }
        case WatchEvent.ReadAgain(String why) ->
            output.line(Row.of("event", "read again", "reason", why));
      }
    }

    private void tell(String event, Version version, Object key) {
      output.line(Row.of("event", event, "version", version.value(), "key", key));
    }

    @Needs(Role.ADMIN)
    @Command(
        description =
            "Write a key. For repairs: what nexuses and the control plane rely on lies here.",
        footer = {"", "Example: tenon:store put /my/key 'some text' --expect 0 --force"})
    void put(
        @Parameters(paramLabel = "KEY", description = "The whole key.") String key,
        @Parameters(paramLabel = "TEXT", description = "What it shall hold.") String text,
        @Option(
                names = "--expect",
                paramLabel = "VERSION",
                description = "Only if the key has this version; 0 if it must not be there.")
            @Nullable Long expected,
        @Option(names = "--force", description = "Needed.") boolean force)
        throws TenonException, Refused {
      mustBeForced(force, "put");
      var name = key(key);
      var value = Value.of(text);
      var version =
          expected == null
              ? store().put(name, value, WITHIN)
              : store().put(name, value, new Version(expected), WITHIN);
      output.done("Key " + key + " has version " + version + ".");
    }

    @Needs(Role.ADMIN)
    @Command(
        description =
            "Delete a key. For repairs: what nexuses and the control plane rely on lies here.",
        footer = {"", "Example: tenon:store delete /my/key --force"})
    void delete(
        @Parameters(paramLabel = "KEY", description = "The whole key.") String key,
        @Option(
                names = "--expect",
                paramLabel = "VERSION",
                description = "Only if the key has this version.")
            @Nullable Long expected,
        @Option(names = "--force", description = "Needed.") boolean force)
        throws TenonException, Refused {
      mustBeForced(force, "delete");
      var _ =
          expected == null
              ? store().delete(key(key), WITHIN)
              : store().delete(key(key), new Version(expected), WITHIN);
      output.done("Key " + key + " is not there any more.");
    }

    private static void mustBeForced(boolean force, String verb) throws Refused {
      if (force) return;
      throw new Refused(
          "Nothing was changed. tenon:store "
              + verb
              + " can make a volume untrustworthy; give --force if that is understood.");
    }

    private static Key key(String text) throws Refused {
      try {
        return Key.of(text);
      } catch (IllegalArgumentException e) {
        throw new Refused("That cannot be a key: " + e.getMessage() + ".");
      }
    }

    private static Row row(Entry entry) {
      var text = text(entry.value());
      return Row.of(
          "key",
          entry.key(),
          "version",
          entry.version().value(),
          "lease",
          entry.lease().map(LeaseId::toString).orElse(""),
          "bytes",
          entry.value().length(),
          text == null ? "value_base64" : "value",
          text == null ? Base64.getEncoder().encodeToString(entry.value().bytes()) : text);
    }

    /** Null for what would spoil a terminal. */
    private static @Nullable String text(Value value) {
      try {
        String text =
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value.bytes())).toString();
        return text.chars().allMatch(c -> c >= ' ' && c != 127) ? text : null;
      } catch (CharacterCodingException e) {
        return null;
      }
    }
  }
}
