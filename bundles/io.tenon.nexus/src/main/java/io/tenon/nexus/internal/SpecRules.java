package io.tenon.nexus.internal;

import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusException.Kind;
import io.tenon.nexus.NexusSpec;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import java.util.TreeSet;

/** What a request to make a nexus must be, whatever the node. */
final class SpecRules {
  private SpecRules() {}

  static void check(NexusSpec spec) throws NexusException {
    if (spec.name().isEmpty()) throw invalid(spec, "It has no name.");
    if (spec.sizeBytes() <= 0) {
      throw invalid(spec, "Its size must be more than 0, was " + spec.sizeBytes() + ".");
    }
    checkChildren(spec);
    checkControllerIds(spec);
  }

  private static void checkChildren(NexusSpec spec) throws NexusException {
    int children = spec.childUris().size();
    if (children == 0) throw refused(spec, Kind.STATE, "It has no children.");
    if (children > NexusDevice.MOST_CHILDREN) {
      throw invalid(
          spec,
          "It has %d children; %d are possible.".formatted(children, NexusDevice.MOST_CHILDREN));
    }
    if (new TreeSet<>(spec.childUris()).size() < children) {
      throw invalid(spec, "A child is named twice: " + spec.childUris() + ".");
    }
  }

  private static void checkControllerIds(NexusSpec spec) throws NexusException {
    int min = spec.minControllerId();
    int max = spec.maxControllerId();
    if (min >= ShareOptions.MIN_CONTROLLER_ID
        && max <= ShareOptions.MAX_CONTROLLER_ID
        && min <= max) {
      return;
    }
    throw invalid(
        spec,
        "Its range of controller ids %d to %d is not within %d to %d."
            .formatted(min, max, ShareOptions.MIN_CONTROLLER_ID, ShareOptions.MAX_CONTROLLER_ID));
  }

  private static NexusException invalid(NexusSpec spec, String why) {
    return refused(spec, Kind.INVALID_ARGUMENT, why);
  }

  static NexusException refused(NexusSpec spec, Kind kind, String why) {
    return new NexusException(
        kind, "Nexus " + spec.name() + " was not created.", why, "Correct the request.");
  }
}
