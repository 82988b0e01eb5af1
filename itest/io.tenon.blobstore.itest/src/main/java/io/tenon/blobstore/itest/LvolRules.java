package io.tenon.blobstore.itest;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What every blob of a pool of lvols must carry; format §8 and §9. */
final class LvolRules {
  private static final int UUID_BYTES = 37;
  private static final int MOST_NAME_BYTES = 64;
  private static final List<String> WITH_ZERO = List.of("shared", "allowed-hosts", "entity_id");

  private final PoolDisk disk;
  private final Set<String> names = new HashSet<>();
  private final Set<String> uuids = new HashSet<>();

  LvolRules(PoolDisk disk) {
    this.disk = disk;
  }

  void check(List<String> problems) {
    if (disk.superPage.superBlob() == SuperPage.NO_BLOB) {
      problems.add("The pool has no super blob.");
    }
    for (var blob : disk.blobs.values()) {
      if (!isUuid(blob.xattrs.getOrDefault("uuid", new byte[0])))
        problems.add(blob + " has no uuid.");
      byte[] name = blob.xattrs.get("name");
      if (name == null || name.length > MOST_NAME_BYTES || !hasZero(name)) {
        problems.add(blob + " has no name.");
      }
      boolean isSuper = blob.id == disk.superPage.superBlob();
      if (isSuper && blob.map.length > 0) problems.add("The super blob has clusters.");
      if (!isSuper && !names.add(blob.text("name"))) {
        problems.add("%s has the name %s of another one.".formatted(blob, blob.text("name")));
      }
      if (!uuids.add(blob.text("uuid"))) {
        problems.add("%s has the uuid %s of another one.".formatted(blob, blob.text("uuid")));
      }
      blob.xattrs.forEach(
          (key, value) -> {
            if (WITH_ZERO.contains(key) && !endsWithZero(value)) {
              problems.add("%s: %s does not end with a zero.".formatted(blob, key));
            }
            if (key.startsWith("io-engine.") && endsWithZero(value)) {
              problems.add("%s: %s ends with a zero.".formatted(blob, key));
            }
          });
    }
  }

  private static boolean isUuid(byte[] value) {
    return value.length == UUID_BYTES
        && endsWithZero(value)
        && Bytes.text(value).matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  }

  private static boolean hasZero(byte[] value) {
    for (byte one : value) if (one == 0) return true;
    return false;
  }

  private static boolean endsWithZero(byte[] value) {
    return value.length > 0 && value[value.length - 1] == 0;
  }
}
