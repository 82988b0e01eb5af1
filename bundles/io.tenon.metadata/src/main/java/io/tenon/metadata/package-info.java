/**
 * The metadata store SPI: durable facts of nexuses and of the control plane, by key. A store implements {@link
 * io.tenon.metadata.MetadataStore}; everyone else finds one as a service.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.metadata;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
