package io.tenon.blobstore.internal;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.ClearMethod;
import io.tenon.blobstore.MapForm;
import io.tenon.blobstore.internal.layout.BlobEncoder;
import io.tenon.blobstore.internal.layout.BlobImage;
import io.tenon.blobstore.internal.layout.ClusterMap;
import io.tenon.blobstore.internal.layout.ExtentPage;
import io.tenon.blobstore.internal.layout.Page;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * One step of metadata from one consistent state of the disk to the next: what it takes, writes and gives back. {@link
 * MetadataWriter#commit} carries it out; until then it can be {@link #undo undone}.
 */
final class Transaction {
  /** In this order, each durable before the next begins. */
  enum Stage {
    /** Pages that nothing refers to yet. */
    FRESH,
    /** Extent pages of what the root will say. */
    LISTS,
    /** The step itself. */
    ROOTS,
    /** Extent pages that are longer than the root says, which harms nobody. */
    LISTS_CUT
  }

  /** A page and its new content. */
  static final class PageWrite {
    final int mdPage;
    final byte[] content;

    /** It must be the old or the new one after a crash, and nothing between. */
    final boolean inPlace;

    PageWrite(int mdPage, byte[] content, boolean inPlace) {
      this.mdPage = mdPage;
      this.content = content;
      this.inPlace = inPlace;
    }
  }

  private final Space space;
  private final Map<Stage, List<PageWrite>> writes = new EnumMap<>(Stage.class);
  private final List<Integer> takenPages = new ArrayList<>();
  private final List<Integer> takenClusters = new ArrayList<>();
  private final BitSet zeroClusters = new BitSet();
  private final List<Integer> freedPages = new ArrayList<>();
  private final Map<Integer, ClearMethod> freedClusters = new java.util.LinkedHashMap<>();

  Transaction(Space space) {
    this.space = space;
    for (Stage stage : Stage.values()) writes.put(stage, new ArrayList<>());
  }

  int takePage() throws BlobstoreException {
    int page = space.takePage();
    takenPages.add(page);
    return page;
  }

  int takeExtentPage() throws BlobstoreException {
    int page = space.takeExtentPage();
    takenPages.add(page);
    return page;
  }

  int takeCluster() throws BlobstoreException {
    boolean zero = space.isNextZero();
    int cluster = space.takeCluster();
    zeroClusters.set(cluster, zero);
    takenClusters.add(cluster);
    return cluster;
  }

  /** The cluster, which this step has taken, is zeroes. */
  boolean isZero(int cluster) {
    return zeroClusters.get(cluster);
  }

  /** Nothing was written: all that was taken is free again. */
  void undo() {
    takenPages.forEach(space::givePage);
    takenClusters.forEach(cluster -> space.giveCluster(cluster, zeroClusters.get(cluster)));
  }

  /** The page is zeroed and free once the step is done. */
  void freePage(int mdPage) {
    freedPages.add(mdPage);
  }

  /** The cluster is cleared and free once the step is done. */
  void freeCluster(int cluster, ClearMethod method) {
    freedClusters.put(cluster, method);
  }

  private void write(Stage stage, int mdPage, byte[] content, boolean inPlace) {
    var list = writes.get(stage);
    if (list != null) list.add(new PageWrite(mdPage, content, inPlace));
  }

  /** A slot's extent page that nothing on the disk refers to yet. */
  void freshList(BlobImage blob, ClusterMap map, int slot) {
    write(Stage.FRESH, blob.extentPages()[slot], list(blob, map, slot), false);
  }

  void list(Stage stage, BlobImage blob, ClusterMap map, int slot) {
    write(stage, blob.extentPages()[slot], list(blob, map, slot), true);
  }

  private static byte[] list(BlobImage blob, ClusterMap map, int slot) {
    return ExtentPage.encode(blob.id().value(), map, slot);
  }

  /**
   * Writes root and chain anew; the old chain is given back.
   *
   * @param blob gets its new chain
   */
  void persist(BlobImage blob, ClusterMap map) throws BlobstoreException {
    List<byte[]> pages = BlobEncoder.encode(blob, map);
    for (int page : blob.chainPages()) freePage(page);
    var chain = new int[pages.size() - 1];
    for (int i = 0; i < chain.length; i++) chain[i] = takePage();
    blob.chainPages(chain);
    BlobEncoder.seal(pages, chain);
    for (int i = 0; i < chain.length; i++) write(Stage.FRESH, chain[i], pages.get(1 + i), false);
    root(blob.id(), pages.getFirst());
  }

  /**
   * Erases the blob: its root first, then all that belongs to it.
   *
   * @param clusters that go with it
   * @param extentPages that go with it
   */
  void erase(BlobImage blob, ClusterMap clusters, List<Integer> extentPages) {
    eraseRoot(blob.id());
    for (int page : blob.chainPages()) freePage(page);
    for (int page : extentPages) freePage(page);
    clusters.forEach((_, cluster) -> freeCluster(cluster, blob.flags().clearMethod()));
  }

  /** The root page alone, which is free then. */
  void eraseRoot(BlobId blob) {
    root(blob, new byte[Page.BYTES]);
    freePage(blob.rootPage());
  }

  /** Also where nothing is lost with what was there: a torn root cannot be told from a damaged one. */
  private void root(BlobId blob, byte[] content) {
    write(Stage.ROOTS, blob.rootPage(), content, true);
  }

  /** Takes extent pages for slots of {@code blob} that need one and have none; they are fresh. */
  void takeExtentPages(BlobImage blob, ClusterMap map, int firstSlot, boolean evenEmpty)
      throws BlobstoreException {
    if (blob.form() != MapForm.TABLE) return;
    int[] slots = blob.extentPages();
    for (int slot = firstSlot; slot < slots.length; slot++) {
      if (slots[slot] != 0 || (map.isSlotEmpty(slot) && !evenEmpty)) continue;
      slots[slot] = takeExtentPage();
      freshList(blob, map, slot);
    }
  }

  List<PageWrite> writes(Stage stage) {
    return writes.getOrDefault(stage, List.of());
  }

  List<Integer> freedPages() {
    return freedPages;
  }

  Map<Integer, ClearMethod> freedClusters() {
    return freedClusters;
  }
}
