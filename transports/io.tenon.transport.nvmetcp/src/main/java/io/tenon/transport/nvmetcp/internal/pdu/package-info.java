/**
 * Layout of the PDUs of NVMe/TCP and their digests, for both sides. Paragraphs are those of NVM Express TCP Transport
 * Specification 1.0c. Values are little-endian.
 */
@NullMarked
package io.tenon.transport.nvmetcp.internal.pdu;

import org.jspecify.annotations.NullMarked;
