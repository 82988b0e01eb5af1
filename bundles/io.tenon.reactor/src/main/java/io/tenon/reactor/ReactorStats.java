package io.tenon.reactor;

/**
 * What a reactor has done since its start.
 *
 * @param core CPU it is pinned to, or -1
 * @param rounds loops that found work
 * @param sleeps times it slept in the kernel
 * @param busyNs time in rounds that found work
 * @param upNs time since start
 * @param sockets open now
 * @param buffersFree bytes that could be taken now
 * @param buffersTotal bytes of the pool
 */
public record ReactorStats(
    int index,
    String name,
    int core,
    long rounds,
    long sleeps,
    long busyNs,
    long upNs,
    int sockets,
    long buffersFree,
    long buffersTotal) {}
