package io.tenon.blobstore.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.blobstore.BlobFinding;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.blobstore.Remedy;
import io.tenon.blobstore.RepairOrder;
import io.tenon.blobstore.StoreFinding;
import io.tenon.blobstore.internal.layout.DamagedPages;
import io.tenon.blobstore.internal.layout.Page;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One disk for each thing that can be wrong with its blobs: it is found, repaired as announced, and taken back. */
class BlobRepairTest extends DamagedStore {
  @Test
  void aBlobThatCannotBeRead() throws Exception {
    var before = contents();
    damage(thick.rootPage());
    var found = only(BlobFinding.Unreadable.class);
    assertEquals(thick, found.blob());
    assertEquals(
        "thick",
        new String(
            DiskCheck.of(disk, TYPE).result().unopened().getFirst().xattrs().get("name"),
            US_ASCII));
    // Nothing is done as long as nobody agrees.
    assertEquals(
        0, DiskRepair.run(disk, TYPE, RepairOrder.losingNothing(), _ -> {}).changedPages());
    assertEquals(List.of(), repair(givingUp(thick)));
    before.remove(thick);
    assertEquals(before, contents());
  }

  @Test
  void aBlobThatCannotBeReadKeepsAllThatItMayHaveWhileSomethingElseIsRepaired() throws Exception {
    var clusters = new BitSet();
    blob(thick).map().forEach((_, cluster) -> clusters.set(cluster));
    damage(thick.rootPage());
    int marked = blob(thin).map().get(4);
    editMask(clusterMask(), used -> used.clear(marked));
    var left = repair(RepairOrder.losingNothing());
    assertEquals(List.of(BlobFinding.Unreadable.class), kinds(left));
    var store = StoreLoader.load(disk, TYPE);
    var free = (BitSet) clusters.clone();
    free.andNot(store.usedClusters);
    assertEquals(new BitSet(), free);
    assertTrue(store.unopened.containsKey(thick));
  }

  @Test
  void aBitThatWasFlippedAnywhereIsTurnedBack() throws Exception {
    var before = contents();
    var intact = disk.copy();
    for (int mdPage :
        List.of(thick.rootPage(), snapshot.rootPage(), blob(thin).image().extentPages()[0])) {
      for (int bit : List.of(0, 33, 64, 8 * 500 + 3, 8 * 4088, 8 * 4092 + 5)) {
        disk = intact.copy();
        byte[] page = md(mdPage);
        page[bit / 8] ^= (byte) (1 << bit % 8);
        putMd(mdPage, page);
        only(StoreFinding.BitsFlipped.class);
        repairsWithoutLoss(before);
        assertArrayEquals(intact.page(mdStart + mdPage), md(mdPage), "bit " + bit);
      }
    }
    disk = intact.copy();
    byte[] superBlock = disk.page(0);
    superBlock[29] ^= 4;
    disk.putPage(0, superBlock);
    DiskRepair.run(disk, TYPE, RepairOrder.losingNothing(), _ -> {});
    assertArrayEquals(intact.page(0), disk.page(0));
  }

  @Test
  void aRootThatBreaksInAnUncleanStoreIsNotForgotten() throws Exception {
    OpenStore.load(disk, TYPE).touch();
    damage(thick.rootPage());
    assertEquals(
        List.of(StoreFinding.NotClosed.class, BlobFinding.RootBroken.class), kinds(check()));
    // Masks that do not know it would give its space away.
    var refusal =
        assertThrows(
            BlobstoreException.class,
            () -> DiskRepair.run(disk, TYPE, RepairOrder.losingNothing(), _ -> {}));
    assertEquals(Kind.READ_ONLY, refusal.kind());
    assertEquals(List.of(), repair(givingUp(thick)));
    assertEquals(4, contents().size());
  }

  @Test
  void aMapWithAHole() throws Exception {
    var before = contents();
    damage(blob(snapshot).image().extentPages()[1]);
    var found = check();
    assertEquals(
        List.of(
            BlobFinding.MapHasHoles.class,
            BlobFinding.AncestorUnreadable.class,
            BlobFinding.AncestorUnreadable.class),
        kinds(found));
    assertEquals(
        "512-1023", ((BlobFinding.MapHasHoles) found.getFirst()).holes().getFirst().toString());
    assertEquals(List.of(), repair(givingUp(snapshot)));
    var after = contents();
    assertEquals(before.keySet(), after.keySet());
    for (var id : List.of(thin, snapshot, clone)) {
      for (int i = 0; i < 1100; i++) {
        int expected = i == 600 ? 0 : before.get(id).get(i);
        assertEquals(expected, after.get(id).get(i), id + " " + i);
      }
    }
  }

  @Test
  void aParentThatIsGone() throws Exception {
    var before = contents();
    int own = blob(thin).map().get(4);
    assertTrue(own > 0);
    putMd(snapshot.rootPage(), new byte[Page.BYTES]);
    OpenStore.load(disk, TYPE).touch();
    var found = check();
    assertEquals(
        List.of(
            StoreFinding.NotClosed.class,
            BlobFinding.ParentMissing.class,
            BlobFinding.ParentMissing.class),
        kinds(found));
    assertEquals(List.of(), repair(givingUp(thin, clone)));
    var after = contents();
    assertEquals(before.get(thin).get(3), after.get(thin).get(3));
    assertEquals(0, after.get(thin).get(600));
    assertEquals(before.get(clone).get(700), after.get(clone).get(700));
    assertEquals(before.get(thick), after.get(thick));
  }

  @Test
  void anUnreadableParentAndWhatHangsOnIt() throws Exception {
    var before = contents();
    damage(snapshot.rootPage());
    var refusal =
        assertThrows(
            BlobstoreException.class, () -> DiskRepair.run(disk, TYPE, givingUp(clone), _ -> {}));
    assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
    var left = repair(givingUp(snapshot, clone));
    assertEquals(List.of(BlobFinding.ParentMissing.class), kinds(left));
    assertEquals(List.of(), repair(givingUp(thin)));
    assertEquals(before.get(clone).get(700), contents().get(clone).get(700));
  }

  @Test
  void blobsThatComeFromEachOther() throws Exception {
    var store = OpenStore.load(disk, TYPE);
    var image = store.blob(snapshot).image().copy();
    image.link("SNAP", clone);
    Persist.image(store, store.blob(snapshot), image);
    store.unload();
    var found = check();
    assertEquals(3, found.size());
    assertTrue(found.stream().allMatch(BlobFinding.OwnAncestor.class::isInstance));
    assertEquals(List.of(), repair(givingUp(snapshot)));
  }

  @Test
  void aFlagThatNobodyKnows() throws Exception {
    putMd(thick.rootPage(), DamagedPages.withInvalidFlag(md(thick.rootPage()), 0x40));
    var found = only(BlobFinding.UnknownFlags.class);
    assertTrue(remedy(found) instanceof Remedy.Elsewhere);
  }

  @Test
  void aFlagThatForbidsChanges() throws Exception {
    putMd(thick.rootPage(), DamagedPages.withDataFlag(md(thick.rootPage()), 0x40));
    only(BlobFinding.MustNotChange.class);
  }

  @Test
  void clustersThatTwoBlobsHave() throws Exception {
    var before = contents();
    int mine = blob(thick).map().get(1);
    int page = blob(thin).image().extentPages()[0];
    putMd(page, DamagedPages.withCluster(md(page), 3, mine));
    before.get(thin).set(3, before.get(thick).get(1));
    var found = check();
    assertTrue(found.stream().anyMatch(BlobFinding.Shared.class::isInstance), found::toString);
    assertTrue(blob(thick).restriction().isPresent());
    assertEquals(List.of(), repair(RepairOrder.losingNothing()));
    // Each reads what it read.
    assertEquals(before, contents());
    assertFalse(blob(thick).map().get(1) == blob(thin).map().get(3));
    assertTrue(blob(thick).restriction().isEmpty());
  }

  @Test
  void aListThatTwoBlobsHave() throws Exception {
    var store = OpenStore.load(disk, TYPE);
    var image = store.blob(thin).image().copy();
    image.extentPages()[0] = store.blob(clone).image().extentPages()[0];
    Persist.image(store, store.blob(thin), image);
    store.unload();
    var before = contents();
    assertEquals(before.get(clone).get(0), before.get(thin).get(0));
    assertEquals(List.of(), repair(RepairOrder.losingNothing()));
    assertEquals(before, contents());
    assertFalse(blob(thin).image().extentPages()[0] == blob(clone).image().extentPages()[0]);
  }

  @Test
  void aParentThatCanBeWritten() throws Exception {
    var store = OpenStore.load(disk, TYPE);
    var image = store.blob(snapshot).image().copy();
    image.flags(image.flags().withReadOnly(false));
    Persist.image(store, store.blob(snapshot), image);
    store.unload();
    only(BlobFinding.WritableParent.class);
    repairsWithoutLoss();
    assertTrue(blob(snapshot).isReadOnly());
  }

  @Test
  void aSnapshotThatNobodyCanFinish() throws Exception {
    var store = OpenStore.load(disk, TYPE);
    var image = store.blob(snapshot).image().copy();
    image.link("SNAPTMP", BlobId.ofRootPage(300));
    Persist.image(store, store.blob(snapshot), image);
    store.unload();
    assertEquals(snapshot, only(BlobFinding.SnapshotStuck.class).blob());
  }

  @Test
  void aListThatIsTooLong() throws Exception {
    int page = blob(thin).image().extentPages()[0];
    int slots = blob(thin).image().extentPages().length;
    assertEquals(3, slots);
    int last = blob(snapshot).image().extentPages()[2];
    putMd(last, DamagedPages.withEntries(md(last), 100));
    assertTrue(page > 0);
    assertEquals(snapshot, only(BlobFinding.ListsOfWrongLength.class).blob());
    repairsWithoutLoss();
  }

  @Test
  void aThickBlobThatIsShorterThanItSays() throws Exception {
    int page = blob(thick).image().extentPages()[0];
    putMd(page, DamagedPages.withEntries(md(page), 4));
    var found = check();
    assertTrue(found.contains(new BlobFinding.ShorterThanStated(thick, 4, true)), found::toString);
    assertEquals(List.of(), repair(RepairOrder.losingNothing()));
    assertEquals(4, blob(thick).map().clusters());
  }
}
