package io.tenon.engine.internal;

import static io.grpc.Status.Code.ABORTED;
import static io.grpc.Status.Code.ALREADY_EXISTS;
import static io.tenon.engine.internal.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.StringValue;
import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.testing.BrittleDisks;
import io.tenon.block.testing.Waiting;
import io.tenon.engine.api.CreatePoolRequest;
import io.tenon.engine.api.CreateReplicaRequest;
import io.tenon.engine.api.DestroyPoolRequest;
import io.tenon.engine.api.ExportPoolRequest;
import io.tenon.engine.api.ImportPoolRequest;
import io.tenon.engine.api.ListPoolOptions;
import io.tenon.engine.api.ListReplicaOptions;
import io.tenon.engine.api.Pool;
import io.tenon.engine.api.PoolRpcGrpc;
import io.tenon.engine.api.PoolType;
import io.tenon.engine.api.PoolTypeValue;
import io.tenon.engine.api.Replica;
import io.tenon.engine.api.ReplicaRpcGrpc;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client sees of a pool that is at work, and what it gets when it asks for some pools and replicas. */
@Timeout(180)
class BusyPoolTest {
  private static final int MIB = 1 << 20;
  private static final String UUID = "11111111-2222-4333-8444-00000000000";
  private static final String DISK = "brittle:///disk?size_mb=64";

  private final BrittleDisks disks = new BrittleDisks(new MallocProvider());
  private TestNode node;
  private PoolRpcGrpc.PoolRpcBlockingStub pools;
  private ReplicaRpcGrpc.ReplicaRpcBlockingStub replicas;
  private Pool pool;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
    node.add(disks, "brittle");
    pools = node.patient(PoolRpcGrpc.newBlockingStub(node.channel()));
    replicas = node.patient(ReplicaRpcGrpc.newBlockingStub(node.channel()));
    pool = pools.createPool(pool("fast0", DISK));
  }

  @AfterEach
  void stop() throws Exception {
    disks.hanging = false;
    node.close();
  }

  private static CreatePoolRequest pool(String name, String disk) {
    return CreatePoolRequest.newBuilder().setName(name).addDisks(disk).setClusterSize(MIB).build();
  }

  private Replica create(int number, String inPool) {
    return replicas.createReplica(
        CreateReplicaRequest.newBuilder()
            .setName("r" + number)
            .setUuid(UUID + number)
            .setPooluuid(inPool)
            .setThin(true)
            .setSize(MIB)
            .build());
  }

  @Test
  void changesOfAPoolThatIsAtWorkAreAbortedAndListsAnswer() throws Exception {
    var _ = create(1, "fast0");
    disks.hanging = true;
    var creation = new FutureTask<>(() -> create(2, "fast0"));
    Thread.ofVirtual().start(creation);
    Waiting.until("r2 is being created", () -> disks.held.get() > 0);
    refused(ABORTED, "Replica r2 is being created", () -> create(3, "fast0"));
    refused(
        ABORTED,
        "Pool fast0 was not exported",
        () -> pools.exportPool(ExportPoolRequest.newBuilder().setName("fast0").build()));
    refused(
        ABORTED,
        "Pool fast0 was not destroyed",
        () -> pools.destroyPool(DestroyPoolRequest.newBuilder().setName("fast0").build()));
    assertEquals(1, listed(options -> options));
    assertEquals(1, pools.listPools(ListPoolOptions.getDefaultInstance()).getPoolsCount());
    disks.hanging = false;
    assertEquals(UUID + 2, creation.get(60, TimeUnit.SECONDS).getUuid());
  }

  @Test
  void aPoolThatIsThereAlreadyIsSaidToExist() {
    var again = ImportPoolRequest.newBuilder().setName("fast0").addDisks(DISK).build();
    refused(ALREADY_EXISTS, "loaded already", () -> pools.importPool(again));
    refused(ALREADY_EXISTS, "loaded already", () -> pools.createPool(pool("fast0", DISK)));
  }

  private int listed(UnaryOperator<ListReplicaOptions.Builder> asked) {
    var options = asked.apply(ListReplicaOptions.newBuilder()).build();
    return replicas.listReplicas(options).getReplicasCount();
  }

  private int pools(UnaryOperator<ListPoolOptions.Builder> asked) {
    return pools.listPools(asked.apply(ListPoolOptions.newBuilder()).build()).getPoolsCount();
  }

  private static StringValue text(String value) {
    return StringValue.of(value);
  }

  @Test
  void listsHoldWhatWasAskedFor() {
    var other = pools.createPool(pool("slow0", "malloc:///other?size_mb=64"));
    for (int i = 1; i <= 3; i++) {
      var _ = create(i, i == 3 ? other.getUuid() : "fast0");
    }
    assertEquals(2, pools(all -> all));
    assertEquals(1, pools(one -> one.setName(text("slow0"))));
    assertEquals(1, pools(one -> one.setUuid(text(pool.getUuid()))));
    assertEquals(0, pools(one -> one.setName(text("slow0")).setUuid(text(pool.getUuid()))));
    assertEquals(0, pools(none -> none.setPooltype(type(PoolType.Lvm))));
    assertEquals(2, pools(all -> all.setPooltype(type(PoolType.Lvs))));

    assertEquals(3, listed(all -> all));
    assertEquals(1, listed(one -> one.setName(text("r2"))));
    assertEquals(1, listed(one -> one.setUuid(text(UUID + 3))));
    assertEquals(2, listed(some -> some.setPoolname(text("fast0"))));
    assertEquals(1, listed(some -> some.setPooluuid(text(other.getUuid()))));
    assertEquals(0, listed(none -> none.setPoolname(text("fast0")).setUuid(text(UUID + 3))));
    assertEquals(0, listed(none -> none.addPooltypes(PoolType.Lvm)));
    assertEquals(3, listed(all -> all.addPooltypes(PoolType.Lvm).addPooltypes(PoolType.Lvs)));
  }

  private static PoolTypeValue type(PoolType type) {
    return PoolTypeValue.newBuilder().setValue(type).build();
  }
}
