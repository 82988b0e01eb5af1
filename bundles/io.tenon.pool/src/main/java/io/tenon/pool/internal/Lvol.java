package io.tenon.pool.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobInfo;
import io.tenon.block.SnapshotSpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What a blob's attributes mean, pool disk format §8 and §9. Reading is tolerant: trailing NULs are dropped, what is empty is
 * absent. Writing is exact: some values end with a NUL and some do not, and Mayastor reads past those that lack it.
 */
record Lvol(BlobInfo blob) {
  /** Of replicas, snapshots and pools; without the NUL behind it. */
  static final int MOST_NAME_BYTES = 63;

  /** Block devices are named after their lvol, cut to so many bytes. */
  private static final int MOST_DEVICE_NAME_BYTES = 57;

  static final UUID NO_UUID = new UUID(0, 0);

  static final String NAME = "name";
  static final String UUID_NAME = "uuid";
  static final String SHARED = "shared";
  static final String ALLOWED_HOSTS = "allowed-hosts";
  static final String ENTITY_ID = "entity_id";
  static final String DISCARDED = "io-engine.discarded_snapshot";
  private static final String TXN_ID = "io-engine.tx_id";
  private static final String SNAPSHOT_ENTITY_ID = "io-engine.entity_id";
  private static final String PARENT_ID = "io-engine.parent_id";
  private static final String SNAPSHOT_TIME = "io-engine.snapshot_create_time";
  private static final String SOURCE_UUID = "io-engine.source_uuid";
  private static final String CLONE_TIME = "io-engine.clone_create_time";

  private static final List<String> OF_A_VALID_SNAPSHOT =
      List.of(TXN_ID, SNAPSHOT_ENTITY_ID, PARENT_ID, UUID_NAME, SNAPSHOT_TIME, DISCARDED);

  // Reading.

  static Optional<String> text(Map<String, byte[]> xattrs, String name) {
    byte[] value = xattrs.get(name);
    if (value == null) return Optional.empty();
    int length = value.length;
    while (length > 0 && value[length - 1] == 0) length--;
    return length == 0 ? Optional.empty() : Optional.of(new String(value, 0, length, UTF_8));
  }

  private Optional<String> text(String name) {
    return text(blob.xattrs(), name);
  }

  /** A uuid as it is on disks; what is none is absent. */
  static Optional<UUID> uuid(Optional<String> text) {
    if (text.isEmpty()) return Optional.empty();
    try {
      var uuid = UUID.fromString(text.get());
      return uuid.toString().equalsIgnoreCase(text.get()) ? Optional.of(uuid) : Optional.empty();
    } catch (IllegalArgumentException notAUuid) {
      return Optional.empty();
    }
  }

  BlobId id() {
    return blob.id();
  }

  String name() {
    return text(NAME).orElse("");
  }

  /** {@link #NO_UUID} when there is none that can be read. */
  UUID uuid() {
    return uuid(text(UUID_NAME)).orElse(NO_UUID);
  }

  String deviceName() {
    byte[] bytes = name().getBytes(UTF_8);
    if (bytes.length <= MOST_DEVICE_NAME_BYTES) return name();
    int length = MOST_DEVICE_NAME_BYTES;
    // Not within a character.
    while ((bytes[length] & 0xC0) == 0x80) length--;
    return new String(bytes, 0, length, UTF_8);
  }

  boolean isToBeShared() {
    return text(SHARED).equals(Optional.of("true"));
  }

  Set<String> allowedHosts() {
    var hosts = new LinkedHashSet<>(List.of(text(ALLOWED_HOSTS).orElse("").split(",")));
    hosts.remove("");
    return hosts;
  }

  /** Of the volume. */
  Optional<String> entityId() {
    return text(isSnapshot() ? SNAPSHOT_ENTITY_ID : ENTITY_ID);
  }

  boolean isSnapshot() {
    return text(SNAPSHOT_TIME).isPresent();
  }

  boolean isValidSnapshot() {
    return OF_A_VALID_SNAPSHOT.stream().allMatch(name -> text(name).isPresent());
  }

  String txnId() {
    return text(TXN_ID).orElse("");
  }

  /** The replica that the snapshot was taken from. */
  Optional<UUID> parentReplica() {
    return uuid(text(PARENT_ID));
  }

  Optional<Instant> snapshotTime() {
    return text(SNAPSHOT_TIME).flatMap(SnapshotSpec::time);
  }

  boolean isDiscarded() {
    return text(DISCARDED).equals(Optional.of("true"));
  }

  /** The snapshot that a clone was made of, if it is one. */
  Optional<UUID> sourceSnapshot() {
    return uuid(text(SOURCE_UUID));
  }

  // Writing.

  private static byte[] plain(String text) {
    return text.getBytes(UTF_8);
  }

  static byte[] terminated(String text) {
    byte[] bytes = plain(text);
    return Arrays.copyOf(bytes, bytes.length + 1);
  }

  /** Name and uuid of the pool's own blob. */
  static Map<String, byte[]> ofPool(String name, UUID uuid) {
    var xattrs = new LinkedHashMap<String, byte[]>();
    xattrs.put(UUID_NAME, terminated(uuid.toString()));
    xattrs.put(NAME, terminated(name));
    return xattrs;
  }

  private static Map<String, byte[]> ofLvol(String name, UUID uuid) {
    var xattrs = new LinkedHashMap<String, byte[]>();
    xattrs.put(NAME, Arrays.copyOf(plain(name), MOST_NAME_BYTES + 1));
    xattrs.put(UUID_NAME, terminated(uuid.toString()));
    return xattrs;
  }

  static Map<String, byte[]> ofReplica(String name, UUID uuid, Optional<String> entityId) {
    var xattrs = ofLvol(name, uuid);
    entityId.ifPresent(id -> xattrs.put(ENTITY_ID, terminated(id)));
    return xattrs;
  }

  /**
   * @param parent the replica that it is taken from
   */
  static Map<String, byte[]> ofSnapshot(SnapshotSpec spec, UUID parent) {
    var xattrs = ofLvol(spec.name(), spec.uuid());
    xattrs.put(TXN_ID, plain(spec.txnId()));
    xattrs.put(SNAPSHOT_ENTITY_ID, plain(spec.entityId()));
    xattrs.put(PARENT_ID, plain(parent.toString()));
    xattrs.put(SNAPSHOT_TIME, plain(SnapshotSpec.timeText(spec.createdAt())));
    xattrs.put(DISCARDED, plain("false"));
    return xattrs;
  }

  static Map<String, byte[]> ofClone(String name, UUID uuid, UUID source, Instant createdAt) {
    var xattrs = ofLvol(name, uuid);
    xattrs.put(SOURCE_UUID, plain(source.toString()));
    xattrs.put(CLONE_TIME, plain(SnapshotSpec.timeText(createdAt)));
    return xattrs;
  }

  /** What is to be written when a replica is shared for these hosts; nothing when it is there already. */
  Map<String, Optional<byte[]>> sharing(Set<String> hosts) {
    var changes = new LinkedHashMap<String, Optional<byte[]>>();
    if (!isToBeShared()) changes.put(SHARED, Optional.of(terminated("true")));
    if (!allowedHosts().equals(hosts) || !blob.xattrs().containsKey(ALLOWED_HOSTS)) {
      changes.put(ALLOWED_HOSTS, Optional.of(terminated(String.join(",", hosts))));
    }
    return changes;
  }

  /** What is to be written when a replica is not shared any more. */
  Map<String, Optional<byte[]>> unsharing() {
    return isToBeShared() ? Map.of(SHARED, Optional.of(terminated("false"))) : Map.of();
  }

  static Map<String, Optional<byte[]>> discarding() {
    return Map.of(DISCARDED, Optional.of(plain("true")));
  }

  static Map<String, Optional<byte[]>> belongingTo(String entityId) {
    return Map.of(ENTITY_ID, Optional.of(terminated(entityId)));
  }
}
