package io.tenon.engine.internal;

import io.grpc.StatusException;
import io.tenon.block.ReservationClaim;
import io.tenon.block.ReservationClaim.Policy;
import io.tenon.block.ReservationType;
import io.tenon.block.Reservations.Persistence;
import io.tenon.engine.api.CreateNexusRequest;
import io.tenon.engine.api.NexusNvmePreemption;
import io.tenon.engine.api.NvmeReservation;
import java.util.Optional;
import java.util.OptionalLong;

/** What a request for a nexus says of reservations, and when that makes no sense. */
final class ReservationRequest {
  private ReservationRequest() {}

  /**
   * @return empty when none are wanted
   */
  static Optional<ReservationClaim> claim(CreateNexusRequest request) throws StatusException {
    boolean holder = request.getPreemptPolicy() == NexusNvmePreemption.Holder;
    long key = request.getResvKey();
    long preempted = request.getPreemptKey();
    if (key == 0 && (holder || preempted != 0)) {
      throw refused(
          request,
          "%s needs a reservation key, which is 0"
              .formatted(holder ? "preempt policy Holder" : "a preempt key"));
    }
    if (holder && preempted != 0) {
      throw refused(request, "preempt policy Holder goes without a preempt key");
    }
    if (request.getPreemptPolicy() == NexusNvmePreemption.UNRECOGNIZED) {
      throw refused(
          request, "preempt policy %d is unknown".formatted(request.getPreemptPolicyValue()));
    }
    if (request.getResvType() == NvmeReservation.UNRECOGNIZED) {
      throw refused(
          request, "reservation type %d is unknown".formatted(request.getResvTypeValue()));
    }
    if (key == 0) return Optional.empty();
    return Optional.of(
        new ReservationClaim(
            key,
            type(request),
            holder ? Policy.HOLDER : Policy.KEY,
            preempted == 0 ? OptionalLong.empty() : OptionalLong.of(preempted),
            Persistence.AS_IT_IS));
  }

  private static ReservationType type(CreateNexusRequest request) throws StatusException {
    if (!request.hasResvType()) return ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS;
    var type = ReservationType.of(request.getResvTypeValue());
    if (type.isPresent()) return type.get();
    throw refused(request, "a reservation key goes with a reservation type, and Reserved is none");
  }

  private static StatusException refused(CreateNexusRequest request, String why) {
    return Answers.invalid("Nexus %s was not created: %s.".formatted(request.getName(), why));
  }
}
