import { isMantineColorScheme, Menu, UnstyledButton, useMantineColorScheme, VisuallyHidden } from '@mantine/core';
import {
  ChecklistIcon,
  DeviceDesktopIcon,
  KebabHorizontalIcon,
  LogIcon,
  MoonIcon,
  PeopleIcon,
  PersonIcon,
  SignOutIcon,
  SunIcon,
} from '@primer/octicons-react';
import { Link } from 'react-router';
import { signOut } from '../api/auth.ts';
import { useCredentials } from '../auth/use-credentials.ts';
import classes from './side-bar.module.css';

const SCHEMES = [
  { value: 'light', label: 'Light', icon: SunIcon },
  { value: 'dark', label: 'Dark', icon: MoonIcon },
  { value: 'auto', label: 'Same as the system', icon: DeviceDesktopIcon },
] as const;

export function AccountMenu() {
  const credentials = useCredentials();
  if (credentials === null) return null;
  const { user, tenant } = credentials;
  const name = user.full_name || user.username || user.email;
  return (
    <Menu position="top-start" width="target" shadow="md" radius="md">
      <Menu.Target>
        <UnstyledButton className={classes.account}>
          <VisuallyHidden>Account: </VisuallyHidden>
          <span className={classes.initial} aria-hidden="true">
            {[...name][0]?.toUpperCase()}
          </span>
          <span className={classes.who}>
            <span className={classes.name}>{name}</span>
            <span className={classes.tenant}>{tenant.slug}</span>
          </span>
          <KebabHorizontalIcon size={14} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/account" leftSection={<PersonIcon size={16} />}>
          Account
        </Menu.Item>
        {(tenant.role === 'admin' || tenant.role === 'owner') && <AdminItems />}
        {user.is_operator === true && (
          <Menu.Item component={Link} to="/readiness" leftSection={<ChecklistIcon size={16} />}>
            Readiness
          </Menu.Item>
        )}
        <Menu.Divider />
        <SchemeItems />
        <Menu.Divider />
        <Menu.Item leftSection={<SignOutIcon size={16} />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function AdminItems() {
  return (
    <>
      <Menu.Item component={Link} to="/members" leftSection={<PeopleIcon size={16} />}>
        Members
      </Menu.Item>
      <Menu.Item component={Link} to="/audit" leftSection={<LogIcon size={16} />}>
        Audit log
      </Menu.Item>
    </>
  );
}

function SchemeItems() {
  // Without keepTransitions Mantine adds a style element, which the content security policy forbids.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const choose = (value: string) => {
    if (isMantineColorScheme(value)) setColorScheme(value);
  };
  return (
    <Menu.RadioGroup value={colorScheme} onChange={choose}>
      {SCHEMES.map(({ value, label, icon: Icon }) => (
        <Menu.RadioItem key={value} value={value} rightSection={<Icon size={16} />}>
          {label}
        </Menu.RadioItem>
      ))}
    </Menu.RadioGroup>
  );
}
