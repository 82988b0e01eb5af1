/**
 * NVMe over Fabrics without sockets: subsystems, controllers, queues, namespaces, commands, discovery. A transport carries
 * capsules to a {@link io.tenon.nvme.NvmeQueue} and responses back.
 *
 * <p>Paragraph numbers are those of NVM Express Base Specification 2.0c, NVM Command Set 1.0c and NVMe/TCP Transport 1.0c,
 * unless said otherwise.
 */
@Export
@Version("1.1.0")
@NullMarked
package io.tenon.nvme;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
