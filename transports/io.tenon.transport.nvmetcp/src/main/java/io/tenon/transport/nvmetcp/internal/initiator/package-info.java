/**
 * Initiator side: {@link io.tenon.transport.nvmetcp.internal.initiator.RemoteProvider} opens {@code nvmf://} URIs. A {@link
 * io.tenon.transport.nvmetcp.internal.initiator.RemoteController} keeps the connections, a {@link
 * io.tenon.transport.nvmetcp.internal.initiator.Lane} on each reactor does the I/O.
 */
@NullMarked
package io.tenon.transport.nvmetcp.internal.initiator;

import org.jspecify.annotations.NullMarked;
