package io.tenon.blobstore.itest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/** Disks that the original wrote, and what their description says of them. */
final class Samples {
  private Samples() {}

  record Disk(
      String file,
      long bytes,
      String sha256,
      int blockBytes,
      long clusterBytes,
      long totalClusters,
      long mdClusters,
      long mdStart,
      long mdLen,
      boolean clean,
      long freeClusters,
      int usedPages,
      String poolName,
      String poolUuid,
      List<Lvol> lvols) {
    @Override
    public String toString() {
      return file;
    }

    /** A copy that may be written. */
    Path copyTo(Path directory) throws IOException {
      var to = directory.resolve(file.replace(".gz", ""));
      var zeroes = new byte[DiskImage.PAGE];
      try (var in = new GZIPInputStream(resource("/pools/" + file), 1 << 16);
          var out = FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        out.write(ByteBuffer.allocate(1), bytes - 1);
        for (long at = 0; at < bytes; at += DiskImage.PAGE) {
          byte[] page = in.readNBytes(DiskImage.PAGE);
          if (!Arrays.equals(page, zeroes)) out.write(ByteBuffer.wrap(page), at);
        }
      }
      return to;
    }
  }

  record Lvol(
      long id,
      String name,
      String uuid,
      long bytes,
      String parent,
      boolean thin,
      boolean readOnly,
      long ownClusters,
      boolean table,
      int clearMethod,
      String sha256,
      Map<String, String> xattrs) {}

  static List<Disk> all() {
    var disks = new ArrayList<Disk>();
    for (String line : text("/samples.tsv").split("\n", -1)) {
      String[] f = line.split("\t", -1);
      switch (f[0]) {
        case "disk" ->
            disks.add(
                new Disk(
                    f[1],
                    Long.parseLong(f[2]),
                    f[3],
                    Integer.parseInt(f[4]),
                    Long.parseLong(f[5]),
                    Long.parseLong(f[6]),
                    Long.parseLong(f[7]),
                    Long.parseLong(f[8]),
                    Long.parseLong(f[9]),
                    f[10].equals("1"),
                    Long.parseLong(f[11]),
                    Integer.parseInt(f[12]),
                    f[13],
                    f[14],
                    new ArrayList<>()));
        case "lvol" ->
            disks
                .getLast()
                .lvols()
                .add(
                    new Lvol(
                        Long.decode(f[1]),
                        f[2],
                        f[3],
                        Long.parseLong(f[4]),
                        f[5],
                        f[6].equals("True"),
                        f[7].equals("True"),
                        Long.parseLong(f[8]),
                        f[9].equals("table"),
                        Integer.parseInt(f[10]),
                        f[11],
                        new TreeMap<>()));
        case "xattr" -> disks.getLast().lvols().getLast().xattrs().put(f[1], f[2]);
        default -> {}
      }
    }
    return disks;
  }

  static Disk named(String file) {
    for (Disk disk : all()) if (disk.file().equals(file)) return disk;
    throw new AssertionError("no sample " + file);
  }

  private static InputStream resource(String name) {
    var stream = Samples.class.getResourceAsStream(name);
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

  static String sha256(PoolDisk disk, PoolBlob blob) throws IOException {
    var digest = newSha256();
    for (int i = 0; i < blob.map.length; i++) digest.update(disk.read(blob, i));
    return HexFormat.of().formatHex(digest.digest());
  }

  static String sha256(DiskImage image) throws IOException {
    var digest = newSha256();
    for (long at = 0; at < image.size(); at += 1 << 20) {
      digest.update(image.read(at, (int) Math.min(1 << 20, image.size() - at)));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
