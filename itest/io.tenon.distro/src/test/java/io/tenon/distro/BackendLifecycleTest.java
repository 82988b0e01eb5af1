package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
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
import org.osgi.framework.BundleException;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.FrameworkWiring;

/** A backend's bundle is stopped, started and updated in a running node; nothing else moves. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class BackendLifecycleTest {
  private static final String BACKEND = "tenon.backend";
  private static final String MALLOC = "malloc:///lifecycle?size_mb=8";

  @Inject BundleContext context;
  @Inject BlockDevices devices;

  @Configuration
  public Option[] node() {
    return options(NodeUnderTest.everything());
  }

  @Test
  public void schemesComeAndGoWithTheirBundles() throws BundleException {
    List<Bundle> backends = providersOf(BACKEND);
    assertTrue(backends.toString(), backends.size() >= 5);
    for (Bundle backend : backends) {
      List<String> schemes = schemes(backend);
      mustHave(schemes, true);
      backend.stop();
      mustHave(schemes, false);
      backend.start();
      mustHave(schemes, true);
      backend.update();
      mustHave(schemes, true);
    }
  }

  private void mustHave(List<String> schemes, boolean there) {
    assertFalse(schemes.isEmpty());
    for (String scheme : schemes) {
      assertEquals(scheme, there, devices.schemes().contains(scheme));
    }
  }

  @Test
  public void anUpdatedBackendOpensDevicesFromItsNewClasses() throws Exception {
    Bundle malloc = named("io.tenon.backend.malloc");
    var before = devices.create(MALLOC);
    devices.destroy(before);
    BundleRevision old = malloc.adapt(BundleRevision.class);
    malloc.update();
    assertNotEquals(old, malloc.adapt(BundleRevision.class));
    var after = devices.create(MALLOC);
    assertEquals(before.name(), after.name());
    devices.destroy(after);
  }

  @Test
  public void aSchemeWithoutItsBackendIsUnknownAndSaysSo() throws Exception {
    Bundle malloc = named("io.tenon.backend.malloc");
    malloc.stop();
    try {
      devices.create(MALLOC);
      throw new AssertionError("created without its backend");
    } catch (DeviceException refused) {
      assertEquals(DeviceException.Kind.UNKNOWN_SCHEME, refused.kind());
    } finally {
      malloc.start();
    }
  }

  /** Otherwise replacing one part would stop others: design, "Replacing a part while I/O runs". */
  @Test
  public void refreshingAnImplementationTouchesNothingElse() {
    var wiring = context.getBundle(0).adapt(FrameworkWiring.class);
    List<Bundle> parts = new ArrayList<>(providersOf(BACKEND));
    for (String name : List.of("io.tenon.devices", "io.tenon.engine", "io.tenon.shell")) {
      parts.add(named(name));
    }
    for (Bundle part : parts) {
      assertEquals(List.of(part), List.copyOf(wiring.getDependencyClosure(List.of(part))));
    }
  }

  private Bundle named(String symbolicName) {
    return Installed.one(context, symbolicName);
  }

  private List<Bundle> providersOf(String namespace) {
    return Arrays.stream(context.getBundles())
        .filter(
            bundle ->
                !bundle.adapt(BundleRevision.class).getDeclaredCapabilities(namespace).isEmpty())
        .toList();
  }

  private static List<String> schemes(Bundle backend) {
    List<String> schemes = new ArrayList<>();
    for (var capability : backend.adapt(BundleRevision.class).getDeclaredCapabilities(BACKEND)) {
      Object scheme = capability.getAttributes().get("scheme");
      if (scheme instanceof List<?> several) several.forEach(one -> schemes.add(one.toString()));
      else schemes.add(String.valueOf(scheme));
    }
    return schemes;
  }
}
