package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.TenonException;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.Transport;
import io.tenon.nvme.TransportHandover;
import io.tenon.nvme.TransportLimits;
import io.tenon.nvme.TransportType;
import io.tenon.simulation.SimReactors;
import java.net.InetSocketAddress;

/** The NVMe/TCP port of a simulated node. */
public final class SimulatedPort implements AutoCloseable {
  public static final int PORT = 8420;

  private final TargetPort port;

  /** In a thread that may block. */
  public SimulatedPort(SimReactors node, NvmeTarget target) throws TenonException {
    var limits = new TransportLimits(TransportType.TCP, 32, 8, 131_072, 4096, 32);
    var address = new InetSocketAddress(node.address(), PORT);
    port = new TargetPort(node, target, new TargetOptions(address, limits));
  }

  public Transport transport() {
    return port;
  }

  public int connections() {
    return port.connections();
  }

  /** In a thread that may block. */
  public TransportHandover leave() {
    return port.leave();
  }

  @Override
  public void close() {
    port.close();
  }
}
