package io.tenon.blobstore.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.blobstore.internal.layout.Page;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/** Pool disks that the original wrote, and what is known to be on them. */
final class Samples {
  static final String TYPE = "LVOLSTORE";

  private Samples() {}

  record Disk(
      String file,
      int blockBytes,
      long clusterBytes,
      int totalClusters,
      boolean clean,
      int freeClusters,
      int usedPages,
      String poolName,
      String poolUuid,
      List<Blob> blobs) {
    @Override
    public String toString() {
      return file;
    }

    MemoryDisk open() {
      return Samples.open(file, blockBytes);
    }
  }

  record Blob(
      String id,
      String name,
      String uuid,
      long bytes,
      String parent,
      boolean thin,
      boolean readOnly,
      int ownClusters,
      boolean table,
      int clearMethod,
      String sha256,
      Map<String, String> xattrs) {}

  static List<Disk> all() {
    var disks = new ArrayList<Disk>();
    for (String line : text("expected.tsv").split("\n", -1)) {
      String[] f = line.split("\t", -1);
      switch (f[0]) {
        case "disk" ->
            disks.add(
                new Disk(
                    f[1],
                    Integer.parseInt(f[2]),
                    Long.parseLong(f[3]),
                    Integer.parseInt(f[4]),
                    f[5].equals("1"),
                    Integer.parseInt(f[6]),
                    Integer.parseInt(f[7]),
                    f[8],
                    f[9],
                    new ArrayList<>()));
        case "blob" ->
            disks
                .getLast()
                .blobs()
                .add(
                    new Blob(
                        f[2],
                        f[3],
                        f[4],
                        Long.parseLong(f[5]),
                        f[6],
                        f[7].equals("True"),
                        f[8].equals("True"),
                        Integer.parseInt(f[9]),
                        f[10].equals("table"),
                        Integer.parseInt(f[11]),
                        f[12],
                        new TreeMap<>()));
        case "xattr" -> disks.getLast().blobs().getLast().xattrs().put(f[3], f[4]);
        default -> {}
      }
    }
    return disks;
  }

  static Disk named(String file) {
    return all().stream().filter(disk -> disk.file().equals(file)).findFirst().orElseThrow();
  }

  private static InputStream resource(String name) {
    var stream = Samples.class.getResourceAsStream("/pools/" + name);
    if (stream == null) throw new AssertionError("no resource " + name);
    return stream;
  }

  private static String text(String name) {
    try (var in = resource(name)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static MemoryDisk open(String file, int blockBytes) {
    var disk = new MemoryDisk(1L << 40, blockBytes);
    long size = 0;
    try (var in = new GZIPInputStream(resource(file), 1 << 16)) {
      while (true) {
        byte[] page = in.readNBytes(Page.BYTES);
        if (page.length == 0) break;
        disk.putPage(size / Page.BYTES, page);
        size += page.length;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    disk.resize(size);
    return disk;
  }

  /** SHA-256 of what is read from a blob. */
  static String sha256(BlobView view, MemoryDisk disk, long clusterBytes) {
    var digest = sha256();
    var zeroes = new byte[Page.BYTES];
    for (int cluster = 0; cluster < view.map().clusters(); cluster++) {
      int found = view.find(cluster);
      for (long page = 0; page < clusterBytes / Page.BYTES; page++) {
        digest.update(found == 0 ? zeroes : disk.page(found * (clusterBytes / Page.BYTES) + page));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
