package io.tenon.distro;

import static org.junit.Assert.assertEquals;
import static org.ops4j.pax.exam.CoreOptions.options;

import io.tenon.metadata.MetadataStore;
import io.tenon.swap.Swaps;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.ops4j.pax.exam.util.Filter;
import org.osgi.framework.BundleContext;

/** The client of a real etcd is replaced again and again; who uses it waits, and nothing else. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class EtcdSwapTest {
  @Inject BundleContext context;
  @Inject Swaps swaps;

  @Inject
  @Filter("(tenon.metadata=slot)")
  MetadataStore store;

  @Configuration
  public Option[] node() throws Exception {
    return options(
        NodeUnderTest.everything(
            "io.tenon.metadata/store=etcd",
            "io.tenon.metadata.etcd/endpoints=" + RealEtcd.endpoint()));
  }

  @Test
  public void countersLeasesAndWatchesGoOn() throws Exception {
    assertEquals("etcd", store.status().kind());
    try (var repeated = new RepeatedSwaps(context, swaps)) {
      repeated.ofStore("io.tenon.metadata.etcd", store);
    }
  }
}
