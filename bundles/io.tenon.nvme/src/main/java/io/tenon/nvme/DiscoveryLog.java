package io.tenon.nvme;

import io.tenon.linux.Memory;
import java.lang.foreign.Arena;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** Discovery log page, Base 2.0c §5.16.1.23: a header and one entry for each subsystem and address. */
public final class DiscoveryLog {
  /** NQN of every discovery subsystem. */
  public static final String NQN = "nqn.2014-08.org.nvmexpress.discovery";

  private static final int HEADER_BYTES = 1024;
  private static final int ENTRY_BYTES = 1024;
  private static final int GENCTR = 0;
  private static final int NUMREC = 8;

  private static final int TRTYPE = 0;
  private static final int ADRFAM = 1;
  private static final int SUBTYPE = 2;
  private static final int PORTID = 4;
  private static final int CNTLID = 6;
  private static final int ASQSZ = 8;
  private static final int TRSVCID = 32;
  private static final int TRSVCID_BYTES = 32;
  private static final int SUBNQN = 256;
  private static final int TRADDR = 512;
  private static final int TRADDR_BYTES = 256;
  private static final int IPV4 = 1;
  private static final int IPV6 = 2;
  private static final int NVM_SUBSYSTEM = 2;

  /** One way to one subsystem. */
  public record Entry(
      TransportType transport, InetSocketAddress address, int portId, int depth, String nqn) {}

  private DiscoveryLog() {}

  /** The whole page. */
  public static byte[] page(long generation, List<Entry> entries) {
    byte[] page = new byte[HEADER_BYTES + entries.size() * ENTRY_BYTES];
    try (var arena = Arena.ofConfined()) {
      long address = arena.allocate(page.length, Long.BYTES).address();
      Memory.putLong(address + GENCTR, generation);
      Memory.putLong(address + NUMREC, entries.size());
      long at = address + HEADER_BYTES;
      for (var entry : entries) {
        write(at, entry);
        at += ENTRY_BYTES;
      }
      Memory.copy(address, page, 0, page.length);
    }
    return page;
  }

  private static void write(long at, Entry entry) {
    var ip = entry.address().getAddress();
    Memory.putByte(at + TRTYPE, entry.transport().code());
    Memory.putByte(at + ADRFAM, ip instanceof Inet6Address ? IPV6 : IPV4);
    Memory.putByte(at + SUBTYPE, NVM_SUBSYSTEM);
    Memory.putShort(at + PORTID, entry.portId());
    Memory.putShort(at + CNTLID, ConnectData.DYNAMIC_CONTROLLER);
    Memory.putShort(at + ASQSZ, entry.depth());
    putPadded(at + TRSVCID, TRSVCID_BYTES, Integer.toString(entry.address().getPort()));
    ConnectData.putText(at + SUBNQN, ConnectData.NQN_BYTES, entry.nqn());
    putPadded(at + TRADDR, TRADDR_BYTES, ip.getHostAddress());
  }

  private static void putPadded(long address, int lengthBytes, String text) {
    ConnectData.putText(address, lengthBytes, text + " ".repeat(lengthBytes - text.length()));
  }

  /** The NQNs of a page, for whoever reads one. */
  public static List<String> subsystems(byte[] page) {
    var found = new ArrayList<String>();
    try (var arena = Arena.ofConfined()) {
      long address = arena.allocate(page.length, Long.BYTES).address();
      Memory.copy(page, 0, address, page.length);
      for (int at = HEADER_BYTES; at + ENTRY_BYTES <= page.length; at += ENTRY_BYTES) {
        found.add(ConnectData.text(address + at + SUBNQN, ConnectData.NQN_BYTES));
      }
    }
    return found;
  }
}
