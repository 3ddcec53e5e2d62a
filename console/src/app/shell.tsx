import { ActionIcon, Drawer } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { PlusIcon, ThreeBarsIcon } from '@primer/octicons-react';
import { Suspense, useEffect } from 'react';
import { Link, Outlet, useLocation } from 'react-router';
import { Brand } from '../ui/brand.tsx';
import { PageLoading } from '../ui/page-loading.tsx';
import { useNarrow } from '../ui/use-narrow.ts';
import classes from './shell.module.css';
import { SideBar } from './side-bar.tsx';

/** The frame of every page: the side bar, or on phones a top bar with the same in a drawer. */
export function Shell() {
  const narrow = useNarrow();
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        Skip to content
      </a>
      {narrow ? (
        <TopBar />
      ) : (
        <aside className={classes.side} aria-label="Menu">
          <SideBar />
        </aside>
      )}
      <main id="main" className={classes.main} tabIndex={-1}>
        <Suspense fallback={<PageLoading />}>
          <Outlet />
        </Suspense>
      </main>
    </div>
  );
}

function TopBar() {
  const [opened, { open, close }] = useDisclosure(false);
  const { key } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: any navigation closes the drawer
  useEffect(() => close(), [key]);
  return (
    <header className={classes.top}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Open the menu"
        aria-expanded={opened}
        onClick={open}
      >
        <ThreeBarsIcon size={18} />
      </ActionIcon>
      <Brand size={20} />
      <ActionIcon component={Link} to="/" variant="subtle" color="gray" size="lg" aria-label="New chat">
        <PlusIcon size={18} />
      </ActionIcon>
      <Drawer.Root opened={opened} onClose={close} size="19rem" padding={0}>
        <Drawer.Overlay />
        <Drawer.Content aria-label="Menu">
          <SideBar />
        </Drawer.Content>
      </Drawer.Root>
    </header>
  );
}
