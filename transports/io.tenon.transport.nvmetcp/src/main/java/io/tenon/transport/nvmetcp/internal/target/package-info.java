/**
 * Target side: {@link io.tenon.transport.nvmetcp.internal.target.NvmeTcpTarget} listens, each connection is a {@link
 * io.tenon.transport.nvmetcp.internal.target.TargetConnection} on one reactor.
 */
@NullMarked
package io.tenon.transport.nvmetcp.internal.target;

import org.jspecify.annotations.NullMarked;
