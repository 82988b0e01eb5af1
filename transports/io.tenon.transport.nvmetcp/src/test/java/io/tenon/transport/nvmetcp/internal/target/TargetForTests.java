package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.Transport;
import io.tenon.reactor.Reactors;

/** The target side with its defaults on a free port, for tests in other packages. */
public final class TargetForTests {
  private TargetForTests() {}

  public static Transport open(Reactors reactors, NvmeTarget model) throws Exception {
    int largest = reactors.main().buffers().maxBytes();
    var options = TargetOptions.of(TestTargetConfig.ofDepth(32), name -> null, largest);
    return new TargetPort(reactors, model, options);
  }

  public static void close(Transport opened) {
    if (opened instanceof TargetPort port) port.close();
  }
}
