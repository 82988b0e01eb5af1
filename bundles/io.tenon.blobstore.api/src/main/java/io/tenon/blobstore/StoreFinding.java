package io.tenon.blobstore;

import io.tenon.blobstore.Remedy.ByLoad;
import io.tenon.blobstore.Remedy.ByRepair;
import io.tenon.blobstore.Remedy.Elsewhere;
import io.tenon.blobstore.Remedy.WithIdentity;
import java.util.List;
import java.util.stream.Collectors;

/** Something about the store as a whole. */
public sealed interface StoreFinding extends Finding {
  /**
   * The super block cannot be used as it stands.
   *
   * @param why it cannot
   * @param source where what it should say was found
   */
  record SuperBlockBroken(String why, String source) implements StoreFinding {
    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public Place place() {
      return Place.ofPages(List.of(new Span(0, 0)));
    }

    @Override
    public String what(Names names) {
      return "The super block cannot be used: " + why;
    }

    @Override
    public String meaning(Names names) {
      return "Nothing loads this disk, and Mayastor would format it when it is told to create a pool there."
          + " All that is said here is as it will be once the super block is written again.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new ByRepair("It is written again from " + source + ".");
    }
  }

  /** The store is larger than its device. */
  record LargerThanDevice(long storeBytes, long deviceBytes) implements StoreFinding {
    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public Place place() {
      return Place.ofPages(List.of());
    }

    @Override
    public String what(Names names) {
      return "The store covers %d bytes and its device has %d.".formatted(storeBytes, deviceBytes);
    }

    @Override
    public String meaning(Names names) {
      return "Nothing loads this disk, and what lies behind the end of the device cannot be read.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new Elsewhere(
          "Bring back the device that it was on, or make this one as large: a copy that was cut short has to be made again.");
    }
  }

  /** The device has another block size than the store was made for. */
  record OtherBlockSize(int storeBlockBytes, int deviceBlockBytes) implements StoreFinding {
    @Override
    public Severity severity() {
      return Severity.WARNING;
    }

    @Override
    public Place place() {
      return Place.ofPages(List.of());
    }

    @Override
    public String what(Names names) {
      return "The store was made for blocks of %d bytes, and its device is open with %d."
          .formatted(storeBlockBytes, deviceBlockBytes);
    }

    @Override
    public String meaning(Names names) {
      return "Nothing loads this disk like that; its data is not touched by it.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new Elsewhere(
          "Open the device with blocks of %d bytes; in a URI: ?blk_size=%d."
              .formatted(storeBlockBytes, storeBlockBytes));
    }
  }

  /** The device does not give back some pages of metadata. */
  record PagesUnreadable(List<Span> diskPages) implements StoreFinding {
    public PagesUnreadable {
      diskPages = List.copyOf(diskPages);
    }

    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public Place place() {
      return Place.ofPages(diskPages);
    }

    @Override
    public String what(Names names) {
      return "The device fails to read %d pages of metadata: %s."
          .formatted(Span.count(diskPages), Span.text(diskPages));
    }

    @Override
    public String meaning(Names names) {
      return "What they held is taken as broken here; the device may give it back another time.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new Elsewhere(
          "Copy the disk to a good one, by a program that tries again, and check the copy.");
    }
  }

  /** Pages of metadata have one wrong bit each. */
  record BitsFlipped(List<Span> diskPages) implements StoreFinding {
    public BitsFlipped {
      diskPages = List.copyOf(diskPages);
    }

    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public Place place() {
      return Place.ofPages(diskPages);
    }

    @Override
    public String what(Names names) {
      return "%d pages of metadata have one wrong bit each: %s."
          .formatted(Span.count(diskPages), Span.text(diskPages));
    }

    @Override
    public String meaning(Names names) {
      return "What they belong to is not opened now. All else that is said here is as it will be once they are right;"
          + " a disk or a memory that does this does it again.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new ByRepair("The checksum tells which bit it is; it is turned back.");
    }
  }

  /** A change was interrupted, and the journal has what is missing. */
  record ChangeInterrupted(List<Span> diskPages) implements StoreFinding {
    public ChangeInterrupted {
      diskPages = List.copyOf(diskPages);
    }

    @Override
    public Severity severity() {
      return Severity.NOTICE;
    }

    @Override
    public Place place() {
      return Place.ofPages(diskPages);
    }

    @Override
    public String what(Names names) {
      return "A change of %d pages of metadata was interrupted, and the journal holds it whole."
          .formatted(Span.count(diskPages));
    }

    @Override
    public String meaning(Names names) {
      return "Nothing is lost; but Mayastor knows no journal and would not find what these pages say.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new ByLoad("The change is completed.");
    }
  }

  /**
   * The store was not left in order.
   *
   * @param unknown blobs whose clusters are not all known, so that the masks cannot be made
   */
  record NotClosed(List<BlobId> unknown) implements StoreFinding {
    public NotClosed {
      unknown = List.copyOf(unknown);
    }

    @Override
    public Severity severity() {
      return unknown.isEmpty() ? Severity.NOTICE : Severity.WARNING;
    }

    @Override
    public Place place() {
      return new Place(List.of(), List.of(), unknown);
    }

    @Override
    public String what(Names names) {
      return "The store was not closed cleanly: the node or the machine stopped while it was in use.";
    }

    @Override
    public String meaning(Names names) {
      return unknown.isEmpty()
          ? "Nothing is lost by that; what is free is found by looking at all that is used."
          : "It is not known which clusters belong to %s, so no space is given out and no thin volume can grow."
              .formatted(called(unknown, names));
    }

    @Override
    public Remedy remedy(Names names) {
      return unknown.isEmpty()
          ? new ByLoad("The masks of what is used are made anew.")
          : new Elsewhere("Repair or give up %s first.".formatted(called(unknown, names)));
    }

    private static String called(List<BlobId> blobs, Names names) {
      return blobs.stream().map(names::of).collect(Collectors.joining(", "));
    }
  }

  /**
   * The blob is not there that says whose the store is.
   *
   * @param named what the super block names; an id, or nothing that can be one
   */
  record OwnerMissing(String named) implements StoreFinding {
    @Override
    public Severity severity() {
      return Severity.DAMAGE;
    }

    @Override
    public Place place() {
      return Place.ofPages(List.of());
    }

    @Override
    public String what(Names names) {
      return "The blob with the name and the uuid of the pool cannot be opened: %s."
          .formatted(named);
    }

    @Override
    public String meaning(Names names) {
      return "No pool can be imported from this disk, although its replicas are there.";
    }

    @Override
    public Remedy remedy(Names names) {
      return new WithIdentity(
          "Another one is made, of the name and the uuid that the repair is given.");
    }
  }
}
