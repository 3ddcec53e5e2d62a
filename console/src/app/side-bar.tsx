import { Button } from '@mantine/core';
import { FileIcon, GraphIcon, LightBulbIcon, PlusIcon, RepoIcon } from '@primer/octicons-react';
import { Link, NavLink } from 'react-router';
import { SessionList } from '../chat/session-list.tsx';
import { Brand } from '../ui/brand.tsx';
import { AccountMenu } from './account-menu.tsx';
import classes from './side-bar.module.css';

export function SideBar() {
  return (
    <div className={classes.bar}>
      <div className={classes.head}>
        <Link to="/" className={classes.home} aria-label="Parley, new chat">
          <Brand />
        </Link>
      </div>
      <div className={classes.actions}>
        <Button
          component={Link}
          to="/"
          variant="default"
          fullWidth
          justify="flex-start"
          leftSection={<PlusIcon size={16} />}
        >
          New chat
        </Button>
        <nav aria-label="Pages">
          <NavLink to="/documents" className={({ isActive }) => `${classes.link} ${isActive ? classes.active : ''}`}>
            <FileIcon size={16} />
            Documents
          </NavLink>
          <NavLink to="/memory" className={({ isActive }) => `${classes.link} ${isActive ? classes.active : ''}`}>
            <LightBulbIcon size={16} />
            Memory
          </NavLink>
          <NavLink to="/repositories" className={({ isActive }) => `${classes.link} ${isActive ? classes.active : ''}`}>
            <RepoIcon size={16} />
            Repositories
          </NavLink>
          <NavLink to="/usage" className={({ isActive }) => `${classes.link} ${isActive ? classes.active : ''}`}>
            <GraphIcon size={16} />
            Usage
          </NavLink>
        </nav>
      </div>
      <SessionList />
      <AccountMenu />
    </div>
  );
}
