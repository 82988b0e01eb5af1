package io.tenon.shell.internal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/**
 * Makes commands of nouns: {@code tenon:pool} of the noun itself, and one of every verb in the noun's scope; {@code pool:create} is
 * {@code tenon:pool create}.
 */
@Component(service = NounCommands.class)
public final class NounCommands {
  private final BundleContext context;
  private final Map<Noun, List<ServiceRegistration<Function>>> commands = new HashMap<>();
  private volatile Runnable watcher = () -> {};

  @Activate
  public NounCommands(BundleContext context) {
    this.context = context;
  }

  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  void add(Noun noun) {
    register(noun);
    watcher.run();
  }

  private synchronized void register(Noun noun) {
    var registrations = new ArrayList<ServiceRegistration<Function>>();
    registrations.add(register(noun.name(), new Command(noun, List.of())));
    for (String verb : noun.verbs()) {
      registrations.add(register(noun.noun() + ":" + verb, new Command(noun, List.of(verb))));
    }
    commands.put(noun, registrations);
  }

  synchronized void remove(Noun noun) {
    unregister(commands.getOrDefault(noun, List.of()));
    commands.remove(noun);
  }

  /** Those all of whose commands are registered, by the names of their classes. */
  synchronized Set<String> nouns() {
    return commands.keySet().stream()
        .map(noun -> noun.getClass().getName())
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * @param watcher runs when there are more {@link #nouns}; in place of the one before
   */
  void watch(Runnable watcher) {
    this.watcher = watcher;
  }

  private ServiceRegistration<Function> register(String name, Command command) {
    int colon = name.indexOf(':');
    var properties =
        Map.of(
            CommandProcessor.COMMAND_SCOPE, name.substring(0, colon),
            CommandProcessor.COMMAND_FUNCTION, name.substring(colon + 1));
    return context.registerService(Function.class, command, FrameworkUtil.asDictionary(properties));
  }

  @Deactivate
  synchronized void close() {
    commands.values().forEach(NounCommands::unregister);
    commands.clear();
  }

  private static void unregister(List<ServiceRegistration<Function>> registrations) {
    for (var registration : registrations) registration.unregister();
  }

  private record Command(Noun noun, List<String> first) implements Function {
    @Override
    public @Nullable Object execute(CommandSession session, List<Object> words) throws Exception {
      // Whoever has a session of Gogo's can reach everything anyway: GuardedSession.
      noun.run(
          session.getConsole(),
          Stream.concat(first.stream(), words.stream()).toArray(),
          Callers.of(session));
      return null; // what there is to say is printed
    }
  }
}
