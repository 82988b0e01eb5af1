package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;

/** The resolved node distribution starts, and every component in it has what it needs. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class NodeDistributionTest {
  @Inject BundleContext context;
  @Inject ServiceComponentRuntime components;

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Test
  public void everyBundleRuns() {
    List<String> idle = new ArrayList<>();
    for (Bundle bundle : context.getBundles()) {
      boolean fragment = bundle.getHeaders("").get(Constants.FRAGMENT_HOST) != null;
      int wanted = fragment ? Bundle.RESOLVED : Bundle.ACTIVE;
      if (bundle.getState() != wanted) idle.add(bundle.getSymbolicName());
    }
    assertEquals(List.of(), idle);
  }

  @Test
  public void everyComponentIsSatisfied() {
    List<String> unsatisfied = new ArrayList<>();
    int satisfied = 0;
    for (ComponentDescriptionDTO component : components.getComponentDescriptionDTOs()) {
      var configurations = components.getComponentConfigurationDTOs(component);
      boolean isWanted = !component.configurationPolicy.equals("require");
      if (configurations.isEmpty() && isWanted) {
        unsatisfied.add(component.name + " has no configuration");
      }
      for (ComponentConfigurationDTO configuration : configurations) {
        if (configuration.state == ComponentConfigurationDTO.ACTIVE
            || configuration.state == ComponentConfigurationDTO.SATISFIED) {
          satisfied++;
        } else {
          unsatisfied.add(component.name + ": " + why(configuration));
        }
      }
    }
    assertEquals(List.of(), unsatisfied);
    assertTrue("only " + satisfied + " components", satisfied > 2);
  }

  private static String why(ComponentConfigurationDTO configuration) {
    if (configuration.failure != null) return configuration.failure;
    return "waits for "
        + Arrays.stream(configuration.unsatisfiedReferences)
            .map(reference -> reference.name + " " + reference.target)
            .toList();
  }
}
