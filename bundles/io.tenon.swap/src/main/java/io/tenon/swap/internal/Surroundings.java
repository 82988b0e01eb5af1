package io.tenon.swap.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceTrials;
import io.tenon.nvme.NvmeTarget;
import java.util.Optional;
import java.util.function.Supplier;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.runtime.ServiceComponentRuntime;

/**
 * The node that bundles are replaced in.
 *
 * @param target as it is when it is asked for; empty in a node that serves no hosts
 */
record Surroundings(
    BundleContext context,
    ServiceComponentRuntime runtime,
    BlockDevices devices,
    DeviceTrials trials,
    Supplier<Optional<NvmeTarget>> target) {}
