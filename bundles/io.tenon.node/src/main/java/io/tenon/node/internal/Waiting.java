package io.tenon.node.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.osgi.service.component.runtime.dto.UnsatisfiedReferenceDTO;

/** Why components of this node do not run, in sentences. */
final class Waiting {
  private Waiting() {}

  static List<String> reasons(ServiceComponentRuntime runtime) {
    List<String> reasons = new ArrayList<>();
    for (ComponentDescriptionDTO component : runtime.getComponentDescriptionDTOs()) {
      var configurations = runtime.getComponentConfigurationDTOs(component);
      if (configurations.isEmpty() && component.configurationPolicy.equals("require")) {
        reasons.add(
            component.name + " waits for a configuration " + List.of(component.configurationPid));
      }
      for (ComponentConfigurationDTO configuration : configurations) {
        reason(component, configuration, reasons);
      }
    }
    return reasons;
  }

  private static void reason(
      ComponentDescriptionDTO component,
      ComponentConfigurationDTO configuration,
      List<String> reasons) {
    switch (configuration.state) {
      case ComponentConfigurationDTO.UNSATISFIED_CONFIGURATION ->
          reasons.add(
              component.name + " waits for a configuration " + List.of(component.configurationPid));
      case ComponentConfigurationDTO.UNSATISFIED_REFERENCE ->
          reasons.add(component.name + " waits for " + services(component, configuration));
      case ComponentConfigurationDTO.FAILED_ACTIVATION ->
          reasons.add(component.name + " failed: " + firstLine(configuration.failure));
      default -> {} // satisfied or active
    }
  }

  private static String services(
      ComponentDescriptionDTO component, ComponentConfigurationDTO configuration) {
    return Arrays.stream(configuration.unsatisfiedReferences)
        .map(missing -> service(component, missing))
        .collect(Collectors.joining(", "));
  }

  private static String service(
      ComponentDescriptionDTO component, UnsatisfiedReferenceDTO missing) {
    String target = missing.target == null ? "" : " " + missing.target;
    return Arrays.stream(component.references)
            .filter(reference -> reference.name.equals(missing.name))
            .map(reference -> reference.interfaceName)
            .findFirst()
            .orElse(missing.name)
        + target;
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse(text);
  }
}
