package io.tenon.nexus.internal;

import io.tenon.block.DeviceSlot;
import io.tenon.nexus.ChildReason;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.RebuildState;

/** What people and the control plane ask of a nexus' children, and when it is refused. The home reactor only. */
final class Operators {
  private final String nexus;
  private final NexusDevice device;
  private final Membership membership;
  private int lastIndex;

  Operators(NexusDevice device) {
    this.nexus = device.name();
    this.device = device;
    this.membership = device.membership();
  }

  boolean isMember(String uri) {
    return membership.members().stream().anyMatch(child -> child.uri().equals(uri));
  }

  Child child(String uri, String what) throws NexusException {
    if (membership.isStopping()) {
      throw refused(
          what,
          uri,
          "The nexus is " + membership.view().state() + ".",
          "Make a new nexus of them.");
    }
    return membership.members().stream()
        .filter(child -> child.uri().equals(uri))
        .findFirst()
        .orElseThrow(
            () ->
                new NexusException(
                    Kind.CHILD_NOT_FOUND,
                    sentence(what, uri),
                    "The nexus has no such child.",
                    "List its children."));
  }

  private String sentence(String what, String uri) {
    return "Child %s of nexus %s was not %s.".formatted(uri, nexus, what);
  }

  private NexusException refused(String what, String uri, String why, String remedy) {
    return new NexusException(Kind.STATE, sentence(what, uri), why, remedy);
  }

  // ---- in and out

  /** Before its device is opened. */
  void checkAdd(String uri) throws NexusException {
    if (isMember(uri)) {
      throw new NexusException(
          Kind.CHILD_EXISTS,
          sentence("added", uri),
          "It is a child already.",
          "List the children; bring it online if it is out.");
    }
    if (membership.isStopping()) {
      throw refused(
          "added",
          uri,
          "The nexus is " + membership.view().state() + ".",
          "Make a new nexus of its children.");
    }
    if (membership.members().size() == NexusDevice.MOST_CHILDREN) {
      throw refused(
          "added",
          uri,
          "It has %d children, the most that are possible.".formatted(NexusDevice.MOST_CHILDREN),
          "Remove one first.");
    }
  }

  void add(String uri, DeviceSlot slot, boolean rebuild) throws NexusException {
    add(uri, slot, "added; it holds nothing of the nexus yet", rebuild);
  }

  /**
   * @param detail why it is out of sync
   */
  void add(String uri, DeviceSlot slot, String detail, boolean rebuild) throws NexusException {
    checkAdd(uri);
    var child = new Child(nexus, freeIndex(), uri, slot);
    membership.add(child);
    membership.admit(child, slot, detail);
    if (rebuild) membership.startRebuild(child);
  }

  /** Places are used in turn, so that one that was left is not soon another child's. */
  private int freeIndex() {
    do {
      lastIndex = (lastIndex + 1) % NexusDevice.MOST_CHILDREN;
    } while (device.children()[lastIndex] != null);
    return lastIndex;
  }

  /** Nothing when it is out already. */
  void takeOut(String uri, Fault how) throws NexusException {
    var child = child(uri, "taken out");
    mustNotBeLast(child, "taken out");
    membership.takeOut(child, reason(how), detail(how));
    if (how != Fault.PERMANENT) return;
    child.isOutForGood();
    membership.forgetLog(child);
  }

  private static ChildReason reason(Fault how) {
    return switch (how) {
      case OFFLINE, PERMANENT -> ChildReason.BY_CLIENT;
      case IO_ERROR -> ChildReason.IO_FAILURE;
    };
  }

  private static String detail(Fault how) {
    return switch (how) {
      case OFFLINE -> "taken offline by request";
      case PERMANENT -> "taken out for good by request";
      case IO_ERROR -> "taken for failed by request";
    };
  }

  private void mustNotBeLast(Child child, String what) throws NexusException {
    if (!child.isHealthy() || membership.healthy() > 1) return;
    throw refused(
        what,
        child.uri(),
        "It is the last healthy child: nobody else holds all data.",
        "Wait until another one is rebuilt, or destroy the nexus.");
  }

  /** Before it is taken out for that. */
  Child checkRemove(String uri) throws NexusException {
    var child = child(uri, "removed");
    mustNotBeLast(child, "removed");
    return child;
  }

  /** When its device is closed. */
  void forget(Child child) {
    if (!membership.isStopping()) membership.forget(child);
  }

  /** Before its device is opened again. */
  Child checkOnline(String uri) throws NexusException {
    var child = child(uri, "brought online");
    if (child.isPermanent()) {
      throw refused(
          "brought online",
          uri,
          "It was taken out for good.",
          "Remove it, and add it again to have all of it copied.");
    }
    return child;
  }

  /**
   * @param isSame its device is the one that was there before, with what was on it
   */
  void online(Child child, DeviceSlot slot, boolean isSame) throws NexusException {
    var _ = child(child.uri(), "brought online");
    if (!isSame) membership.forgetLog(child);
    membership.admit(
        child,
        slot,
        child.hasLog()
            ? "back; it lacks what the write log says"
            : "back; what it lacks is not known, so it may lack everything");
    membership.startRebuild(child);
  }

  // ---- rebuilds

  void start(String uri) throws NexusException {
    var child = child(uri, "rebuilt");
    if (child.state() != ChildState.OUT_OF_SYNC) {
      throw refused(
          "rebuilt",
          uri,
          "It is " + child.state() + ", not OUT_OF_SYNC.",
          child.isHealthy() ? "It needs no rebuild." : "Bring it online first.");
    }
    if (membership.rebuilds().of(child) != null) {
      throw refused("rebuilt", uri, "It is being rebuilt already.", "Wait for that rebuild.");
    }
    membership.startRebuild(child);
  }

  void stop(String uri) throws NexusException {
    var rebuild = rebuild(uri, "stopped");
    membership.rebuilds().end(rebuild.child(), RebuildState.STOPPED, "stopped by request");
    membership.publish();
  }

  void pause(String uri) throws NexusException {
    membership.rebuilds().pause(rebuild(uri, "paused"));
  }

  void resume(String uri) throws NexusException {
    membership.rebuilds().resume(rebuild(uri, "resumed"));
  }

  private Rebuild rebuild(String uri, String what) throws NexusException {
    var rebuild = membership.rebuilds().of(child(uri, what));
    if (rebuild != null) return rebuild;
    throw new NexusException(
        Kind.REBUILD_NOT_FOUND,
        "The rebuild of child %s of nexus %s was not %s.".formatted(uri, nexus, what),
        "There is none under way.",
        "Read the rebuild history.");
  }
}
