package io.tenon.pool.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.Blobstores;
import io.tenon.blobstore.Finding;
import io.tenon.blobstore.Inspection;
import io.tenon.blobstore.RepairOrder;
import io.tenon.blobstore.StoreFinding;
import io.tenon.block.BlockDevices;
import io.tenon.pool.PoolCheck;
import io.tenon.pool.PoolChecks;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolRepair;
import io.tenon.pool.RepairSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Reference;

/** Checks and repairs disks of this node by way of its block devices. */
@Component(
    service = PoolChecks.class,
    configurationPid = "io.tenon.node",
    configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class CheckService implements PoolChecks {
  private static final long UUID_VERSION_4 = 0x4000;
  private static final long UUID_VARIANT = 1L << 63;

  private final BlockDevices devices;
  private final Blobstores blobstores;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Path data;

  @Activate
  public CheckService(
      @Reference BlockDevices devices, @Reference Blobstores blobstores, CheckConfig config) {
    this(
        devices,
        blobstores,
        InstantSource.system(),
        RandomGenerator.of("SecureRandom"),
        Path.of(config.data_dir()));
  }

  /**
   * @param data the node's data directory
   */
  CheckService(
      BlockDevices devices,
      Blobstores blobstores,
      InstantSource clock,
      RandomGenerator random,
      Path data) {
    this.devices = devices;
    this.blobstores = blobstores;
    this.clock = clock;
    this.random = random;
    this.data = data;
  }

  @Override
  public PoolCheck check(String disk) throws PoolException {
    String what = "Disk " + disk + " was not checked.";
    try (var held = HeldDisk.open(devices, disk, what)) {
      return looked(disk, held, what).result();
    }
  }

  private CheckedDisk looked(String disk, HeldDisk held, String what) throws PoolException {
    var usedBy = held.usedBy();
    var inspection = inspect(held, what);
    if (usedBy.isPresent()) inspection = agreed(inspection, inspect(held, what));
    return new CheckedDisk(disk, usedBy, inspection);
  }

  private Inspection inspect(HeldDisk held, String what) throws PoolException {
    try {
      var inspection = blobstores.inspect(held.slot(), PoolIdentity.STORE_TYPE);
      for (Finding finding : inspection.findings()) {
        if (finding instanceof StoreFinding.OtherBlockSize(int blockBytes, _)
            && held.reopen(blockBytes)) {
          return blobstores.inspect(held.slot(), PoolIdentity.STORE_TYPE);
        }
      }
      return inspection;
    } catch (BlobstoreException e) {
      throw Failures.ofLoading(what, e);
    }
  }

  /** Of a store that is in use it is normal not to be closed; what one look alone has seen was on its way. */
  private static Inspection agreed(Inspection first, Inspection second) {
    var seen = first.findings();
    List<Finding> both =
        second.findings().stream()
            .filter(seen::contains)
            .filter(
                finding ->
                    !(finding instanceof StoreFinding.NotClosed)
                        && !(finding instanceof StoreFinding.ChangeInterrupted))
            .toList();
    return new Inspection(
        second.store(),
        second.type(),
        second.superBlob(),
        second.blobs(),
        second.unopened(),
        second.others(),
        both);
  }

  @Override
  public PoolRepair repair(String disk, RepairSpec spec) throws PoolException {
    String what = "Disk " + disk + " was not repaired.";
    var folder = spec.copies().orElse(data.resolve("repairs"));
    try (var held = HeldDisk.openAlone(devices, disk, what)) {
      var before = looked(disk, held, what);
      var kept = new Path[1];
      String label = before.result().name().orElse(held.slot().name());
      var report =
          blobstores.repair(
              held.slot(),
              PoolIdentity.STORE_TYPE,
              order(spec, before, what),
              copies -> kept[0] = RepairCopies.keep(folder, label, clock.instant(), copies));
      return new PoolRepair(
          looked(disk, held, what).result(), report.changedPages(), Optional.ofNullable(kept[0]));
    } catch (BlobstoreException e) {
      throw Failures.of(what, e);
    }
  }

  private RepairOrder order(RepairSpec spec, CheckedDisk before, String what) throws PoolException {
    var givenUp = new TreeSet<BlobId>();
    for (String word : spec.givenUp()) {
      var id = before.names().find(word);
      if (id.isEmpty()) {
        throw new PoolException(
            Kind.REPLICA_NOT_FOUND,
            what,
            "Nothing on it, or more than one thing, is called %s.".formatted(word),
            "Name what is to be given up as the check does.");
      }
      givenUp.add(id.get());
    }
    var order = RepairOrder.losingNothing().givingUp(givenUp);
    if (spec.name().isEmpty()) return order;
    if (before.hasIdentity()) {
      throw new PoolException(
          Kind.INVALID_ARGUMENT,
          what,
          "It knows its name: " + before.result().name().orElse("") + ".",
          "Leave the name out.");
    }
    ReplicaWork.checkName(what, spec.name().get());
    before.unreadableOwner().ifPresent(givenUp::add);
    return RepairOrder.losingNothing()
        .givingUp(givenUp)
        .owner(Lvol.ofPool(spec.name().get(), spec.uuid().orElseGet(this::randomUuid)));
  }

  private UUID randomUuid() {
    long high = (random.nextLong() & ~0xF000L) | UUID_VERSION_4;
    return new UUID(high, (random.nextLong() >>> 2) | UUID_VARIANT);
  }

  @Override
  public PoolCheck undo(String disk, Path copies) throws PoolException {
    String what = "The repair of disk " + disk + " was not taken back.";
    try (var held = HeldDisk.openAlone(devices, disk, what)) {
      blobstores.undo(held.slot(), Files.readAllBytes(copies));
      return looked(disk, held, what).result();
    } catch (BlobstoreException e) {
      throw Failures.of(what, e);
    } catch (IOException e) {
      throw new PoolException(
          Kind.INVALID_ARGUMENT,
          what,
          "File %s cannot be read: %s.".formatted(copies, e.getMessage()),
          "Name the file that the repair has made.");
    }
  }
}
