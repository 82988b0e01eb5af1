package io.tenon.shell.internal;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

/** Every verb of every noun as a command of its own in the noun's scope: {@code pool:create} is {@code tenon:pool create}. */
@Component(service = {})
public final class VerbCommands {
  private final BundleContext context;
  private final Map<Noun, List<ServiceRegistration<Function>>> commands = new HashMap<>();

  @Activate
  public VerbCommands(BundleContext context) {
    this.context = context;
  }

  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  synchronized void add(Noun noun) {
    commands.put(noun, List.of());
    // Looking into a noun takes its time, for which a node that starts does not wait.
    Thread.ofVirtual().name("shell-verbs").start(() -> registerAll(noun));
  }

  private void registerAll(Noun noun) {
    String scope = noun.noun();
    var verbs = noun.verbs();
    synchronized (this) {
      if (!commands.containsKey(noun)) return;
      commands.put(noun, verbs.stream().map(verb -> register(noun, scope, verb)).toList());
    }
  }

  synchronized void remove(Noun noun) {
    unregister(commands.getOrDefault(noun, List.of()));
    commands.remove(noun);
  }

  private ServiceRegistration<Function> register(Noun noun, String scope, String verb) {
    var properties =
        Map.of(CommandProcessor.COMMAND_SCOPE, scope, CommandProcessor.COMMAND_FUNCTION, verb);
    return context.registerService(
        Function.class, new Verb(noun, verb), FrameworkUtil.asDictionary(properties));
  }

  @Deactivate
  synchronized void close() {
    commands.values().forEach(VerbCommands::unregister);
    commands.clear();
  }

  private static void unregister(List<ServiceRegistration<Function>> registrations) {
    for (var registration : registrations) registration.unregister();
  }

  private record Verb(Noun noun, String verb) implements Function {
    @Override
    public @Nullable Object execute(CommandSession session, List<Object> words) throws Exception {
      noun.run(session, Stream.concat(Stream.of(verb), words.stream()).toArray());
      return null; // what there is to say is printed
    }
  }
}
