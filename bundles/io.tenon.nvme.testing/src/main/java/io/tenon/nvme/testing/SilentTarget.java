package io.tenon.nvme.testing;

import io.tenon.error.TenonException;
import io.tenon.nvme.Transport;
import io.tenon.nvme.TransportType;
import io.tenon.nvme.internal.Target;
import io.tenon.nvme.internal.reservation.ReservationStore;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Executor;

/** A real target whose transport says where it listens, and does not. */
public final class SilentTarget {
  private static final int PORT = 8420;

  /** How share URIs of its devices begin. */
  public static final String URI = "nvmf+tcp://127.0.0.1:" + PORT + "/";

  private static final int MOST_SUBSYSTEMS = 64;
  private static final String VERSION = "1.2.3";

  private SilentTarget() {}

  /** The caller's to close. */
  public static Target open() throws TenonException {
    return listening(new Target("", MOST_SUBSYSTEMS, VERSION));
  }

  /**
   * One that keeps reservations.
   *
   * @param blocking runs commands that may block
   */
  public static Target open(ReservationStore kept, Executor blocking) throws TenonException {
    return listening(new Target("", MOST_SUBSYSTEMS, VERSION, kept, blocking));
  }

  private static Target listening(Target target) {
    target.addTransport(new Silent());
    return target;
  }

  private record Silent() implements Transport {
    @Override
    public TransportType type() {
      return TransportType.TCP;
    }

    @Override
    public String uriScheme() {
      return "nvmf+tcp";
    }

    @Override
    public List<InetSocketAddress> listening() {
      return List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT));
    }
  }
}
